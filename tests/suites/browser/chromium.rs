//! Headless Chromium over its DevTools protocol
//! (<https://chromedevtools.github.io/devtools-protocol/>), as far as these tests need it.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::{Message, WebSocket};

/// What the browser is called, by the systems that have it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// How long a page may take to show something; nothing comes near.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time between two looks at a page.
const LOOK: Duration = Duration::from_millis(30);

/// A browser with one page, which ends with this.
pub(crate) struct Browser {
    process: Child,
    socket: WebSocket<TcpStream>,
    session: Option<String>,
    calls: u64,
    /// What the page complained of: exceptions, and whatever its policy refused.
    complaints: Vec<Value>,
    _profile: TempDir,
}

/// How a page is looked at.
#[derive(Clone, Copy)]
pub(crate) struct Screen {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) theme: &'static str,
}

impl Browser {
    /// Starts the browser, and opens a page.
    pub(crate) fn open(url: &str, screen: Screen) -> Self {
        let profile = TempDir::new().expect("a folder");
        let mut process = NAMES
            .iter()
            .find_map(|name| spawn(name, &profile))
            .expect("chromium is installed");
        let errors = BufReader::new(process.stderr.take().expect("a pipe"));
        let mut lines = errors.lines().map_while(Result::ok);
        let address = lines
            .find_map(|line| Some(line.split_once("DevTools listening on ")?.1.to_owned()))
            .expect("the browser starts");
        thread::spawn(move || lines.for_each(drop));
        let host = address.trim_start_matches("ws://").split('/').next();
        let stream = TcpStream::connect(host.expect("a host")).expect("a connection");
        let (socket, _) = tungstenite::client(&*address, stream).expect("a handshake");
        let mut browser = Self {
            process,
            socket,
            session: None,
            calls: 0,
            complaints: Vec::new(),
            _profile: profile,
        };
        browser.attach();
        browser.look_with(screen);
        browser.call("Page.navigate", json!({"url": url}));
        browser
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call("Target.attachToTarget", target);
        self.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            self.call(domain, json!({}));
        }
    }

    /// Another size or theme of the screen.
    pub(crate) fn look_with(&mut self, screen: Screen) {
        let Screen {
            width,
            height,
            theme,
        } = screen;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1,
            "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let theme = json!({"name": "prefers-color-scheme", "value": theme});
        self.call("Emulation.setEmulatedMedia", json!({"features": [theme]}));
    }

    /// Calls a method, and waits for its result.
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": params});
        if let Some(session) = &self.session {
            call["sessionId"] = session.as_str().into();
        }
        let text = Message::text(call.to_string());
        self.socket.send(text).expect("the browser listens");
        loop {
            let message = self.socket.read().expect("the browser answers");
            let Ok(text) = message.to_text() else {
                continue;
            };
            let Ok(mut answer) = serde_json::from_str::<Value>(text) else {
                continue;
            };
            if answer["id"] == self.calls {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
            let is_complaint = ["Runtime.exceptionThrown", "Log.entryAdded"];
            if is_complaint.iter().any(|name| answer["method"] == *name) {
                self.complaints.push(answer);
            }
        }
    }

    /// The value of an expression in the page.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true});
        let mut result = self.call("Runtime.evaluate", params);
        assert!(
            result["exceptionDetails"].is_null(),
            "{expression}: {result}"
        );
        result["result"]["value"].take()
    }

    /// What an element shows.
    pub(crate) fn text(&mut self, selector: &str) -> String {
        let text = self.eval(&format!("document.querySelector('{selector}')?.innerText"));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The cells of a table, row by row.
    pub(crate) fn rows(&mut self, table: &str) -> Vec<Vec<String>> {
        let rows = self.eval(&format!(
            "[...document.getElementById('{table}')?.tBodies[0].rows ?? []]\
             .map((row) => [...row.cells].map((cell) => cell.textContent))"
        ));
        serde_json::from_value(rows).expect("texts")
    }

    /// Looks at the page until it is as wanted.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        mut wanted: impl FnMut(&mut Self) -> Option<T>,
    ) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = wanted(self) {
                return found;
            }
            let page = self.text("body");
            assert!(begun.elapsed() < PATIENCE, "never came: {what}\n{page}");
            thread::sleep(LOOK);
        }
    }

    /// Presses a key, and lets it go.
    pub(crate) fn press(&mut self, key: &str, code: u32, text: &str) {
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({"type": kind, "key": key, "code": key,
                "windowsVirtualKeyCode": code});
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// The whole page as a PNG.
    pub(crate) fn picture(&mut self) -> Vec<u8> {
        let params = json!({"format": "png", "captureBeyondViewport": true});
        let picture = self.call("Page.captureScreenshot", params);
        from_base64(picture["data"].as_str().expect("base64"))
    }

    /// Whatever the page complained of.
    pub(crate) fn complaints(&mut self) -> &[Value] {
        self.eval("0");
        &self.complaints
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts the browser of this name, if there is one. It needs no sandbox for our own page.
fn spawn(name: &str, profile: &TempDir) -> Option<Child> {
    Command::new(name)
        .args([
            "--headless=new",
            "--remote-debugging-port=0",
            "--no-sandbox",
        ])
        .args(["--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--hide-scrollbars", "--force-color-profile=srgb"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("about:blank")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .ok()
}

fn from_base64(text: &str) -> Vec<u8> {
    let value = |sign: u8| match sign {
        b'A'..=b'Z' => Some(sign - b'A'),
        b'a'..=b'z' => Some(sign - b'a' + 26),
        b'0'..=b'9' => Some(sign - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for sign in text.bytes().filter_map(value) {
        bits = bits << 6 | u32::from(sign);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).expect("a byte"));
        }
    }
    bytes
}
