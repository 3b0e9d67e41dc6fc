//! One connection: what comes in, what goes out, and how both end.
use super::host::SharedHost;
use crate::edge::{ConnectionId, Output};
use crate::server::link::{Orders, Outbox};
use async_tungstenite::tungstenite::Message;
use async_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use async_tungstenite::{WebSocketReceiver, WebSocketSender, WebSocketStream};
use futures_util::{AsyncRead, AsyncWrite, StreamExt};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

/// The most bytes of one message or line from a client; the model refuses much shorter ones.
const LIMIT: usize = 1 << 16;

/// How long a closing handshake may take before the socket is dropped.
const CLOSING: Duration = Duration::from_secs(1);

/// Runs a WebSocket connection; `read` are bytes that came after the handshake.
pub(super) async fn frames<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    read: Vec<u8>,
    host: &SharedHost,
    connection: ConnectionId,
    mut outbox: Outbox,
) {
    let config = WebSocketConfig::default().max_message_size(Some(LIMIT));
    let role = Role::Server;
    let socket = WebSocketStream::from_partially_read(stream, read, role, Some(config)).await;
    let (mut sender, mut receiver) = socket.split();
    let orders = outbox.orders.clone();
    tokio::select! {
        () = receive_frames(&mut receiver, host, connection) => {}
        () = send_frames(&mut sender, &mut outbox) => {}
        () = cut(orders) => {}
    }
    host.lock().closed(connection);
}

async fn receive_frames<S: AsyncRead + AsyncWrite + Unpin>(
    receiver: &mut WebSocketReceiver<S>,
    host: &SharedHost,
    connection: ConnectionId,
) {
    loop {
        match receiver.next().await {
            Some(Ok(Message::Text(text))) => host.lock().receive(connection, text.as_bytes()),
            Some(Ok(Message::Binary(bytes))) => host.lock().receive(connection, &bytes),
            Some(Ok(Message::Close(_))) => {
                host.lock().closed(connection);
                // Reading on is what sends the answering close frame.
                let _ = tokio::time::timeout(CLOSING, receiver.next()).await;
                return;
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(_)) | None => return,
        }
    }
}

/// Sends what the model says, until it ends the connection.
async fn send_frames<S: AsyncRead + AsyncWrite + Unpin>(
    sender: &mut WebSocketSender<S>,
    outbox: &mut Outbox,
) {
    while let Some(output) = outbox.next().await {
        let sent = match output {
            Output::Send(lines) => sender.send(Message::text(lines)).await,
            Output::Close(_) | Output::Drop => return,
        };
        if sent.is_err() {
            return;
        }
    }
    // The client closed; its answering close frame goes out by reading.
    tokio::time::sleep(CLOSING).await;
}

/// Runs a plain IRC connection.
pub(super) async fn lines(
    stream: TcpStream,
    host: &SharedHost,
    connection: ConnectionId,
    mut outbox: Outbox,
) {
    let (mut reader, mut writer) = stream.into_split();
    let orders = outbox.orders.clone();
    tokio::select! {
        () = receive_lines(&mut reader, host, connection) => {}
        () = send_lines(&mut writer, &mut outbox) => {}
        () = cut(orders) => {}
    }
    host.lock().closed(connection);
}

async fn receive_lines(reader: &mut OwnedReadHalf, host: &SharedHost, connection: ConnectionId) {
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = u64::try_from(LIMIT).unwrap_or(u64::MAX);
        let read = (&mut reader).take(limit).read_until(b'\n', &mut line).await;
        match read {
            Ok(1..) => host.lock().receive(connection, &line),
            Ok(0) | Err(_) => return,
        }
    }
}

async fn send_lines(writer: &mut OwnedWriteHalf, outbox: &mut Outbox) {
    while let Some(output) = outbox.next().await {
        let sent = match output {
            Output::Send(lines) => writer.write_all(lines.as_bytes()).await,
            Output::Close(_) | Output::Drop => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Ready once the host wants the connection cut; when the host has let go of it, never.
async fn cut(mut orders: watch::Receiver<Orders>) {
    if orders.wait_for(|orders| orders.cut).await.is_err() {
        std::future::pending::<()>().await;
    }
}
