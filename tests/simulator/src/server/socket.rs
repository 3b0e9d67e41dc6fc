//! One WebSocket connection: payloads in, outputs out, and how both end.
use super::compression::Compressor;
use super::host::SharedHost;
use super::link::{Orders, Outbox};
use crate::edge::{ConnectionId, Output};
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use async_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use async_tungstenite::tungstenite::{Error, Message};
use async_tungstenite::{WebSocketReceiver, WebSocketSender, WebSocketStream};
use futures_util::{AsyncRead, AsyncWrite, StreamExt};
use std::time::Duration;
use tokio::sync::watch;

/// The most bytes of one message from a client; the model refuses much smaller ones.
const MESSAGE_LIMIT: usize = 1 << 20;

/// How long a closing handshake may take before the socket is dropped.
const CLOSING: Duration = Duration::from_secs(5);

/// Runs a connection until either side ends it; `read` are bytes that came after the handshake.
pub(super) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    read: Vec<u8>,
    host: &SharedHost,
    connection: ConnectionId,
    mut outbox: Outbox,
    mut compressor: Compressor,
) {
    let config = WebSocketConfig::default().max_message_size(Some(MESSAGE_LIMIT));
    let role = Role::Server;
    let socket = WebSocketStream::from_partially_read(stream, read, role, Some(config)).await;
    let (mut sender, mut receiver) = socket.split();
    let orders = outbox.orders.clone();
    tokio::select! {
        () = receive(&mut receiver, host, connection, orders.clone()) => {}
        () = send(&mut sender, &mut outbox, &mut compressor) => {}
        () = cut(orders) => {}
    }
    host.lock().closed(connection, None);
}

async fn receive<S: AsyncRead + AsyncWrite + Unpin>(
    receiver: &mut WebSocketReceiver<S>,
    host: &SharedHost,
    connection: ConnectionId,
    mut orders: watch::Receiver<Orders>,
) {
    loop {
        until(&mut orders, |orders| orders.flow.reads()).await;
        match receiver.next().await {
            Some(Ok(Message::Text(text))) => host.lock().receive(connection, text.as_bytes()),
            Some(Ok(Message::Binary(bytes))) => host.lock().receive(connection, &bytes),
            Some(Ok(Message::Close(frame))) => {
                host.lock()
                    .closed(connection, frame.map(|frame| frame.code.into()));
                // Reading on is what sends the answering close frame.
                let _ = tokio::time::timeout(CLOSING, receiver.next()).await;
                return;
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(_)) | None => return,
        }
    }
}

/// Sends what the model says; after the last output, gives the client time to close.
async fn send<S: AsyncRead + AsyncWrite + Unpin>(
    sender: &mut WebSocketSender<S>,
    outbox: &mut Outbox,
    compressor: &mut Compressor,
) {
    while let Some(output) = outbox.next().await {
        until(&mut outbox.orders, |orders| orders.flow.writes()).await;
        let sent = match output {
            Output::Send(payload) => send_payload(sender, compressor, payload).await,
            Output::Close(code) => {
                let reason = String::new().into();
                let _ = sender
                    .close(Some(CloseFrame {
                        code: CloseCode::from(code),
                        reason,
                    }))
                    .await;
                break;
            }
            Output::Drop => return,
        };
        if sent.is_err() {
            break;
        }
    }
    tokio::time::sleep(CLOSING).await;
}

async fn send_payload<S: AsyncRead + AsyncWrite + Unpin>(
    sender: &mut WebSocketSender<S>,
    compressor: &mut Compressor,
    payload: String,
) -> Result<(), Error> {
    for message in compressor.messages(payload)? {
        sender.send(message).await?;
    }
    Ok(())
}

async fn cut(mut orders: watch::Receiver<Orders>) {
    until(&mut orders, |orders| orders.cut).await;
}

/// Waits until the orders satisfy the condition; pending for ever once the host has dropped its
/// end.
async fn until(orders: &mut watch::Receiver<Orders>, pleases: impl FnMut(&Orders) -> bool) {
    if orders.wait_for(pleases).await.is_err() {
        std::future::pending::<()>().await;
    }
}
