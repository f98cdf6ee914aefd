//! Headless Chromium on a pipe: just enough of its DevTools protocol to open a page, press
//! keys, click, and ask questions.
//!
//! With `--remote-debugging-pipe` the browser reads messages from descriptor 3 and writes
//! them to 4, each ended by a NUL; a shell moves its standard input and output there.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Overrides where the browser is looked for.
pub const ENV: &str = "TRACEHOUND_CHROMIUM";
const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
    "about:blank",
];

/// How long the browser may take for one answer before the test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// The browser's program, if there is one.
pub fn find() -> Option<String> {
    if let Ok(path) = std::env::var(ENV) {
        return Path::new(&path).is_file().then_some(path);
    }
    let dirs: Vec<_> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let in_path = NAMES.iter().flat_map(|n| dirs.iter().map(move |d| d.join(n)));
    in_path.filter(|p| p.is_file()).find_map(|p| p.to_str().map(str::to_string))
}

/// A browser with one page.
pub struct Page {
    child: Child,
    to: ChildStdin,
    from: Receiver<Vec<u8>>,
    session: Option<String>,
    next: u64,
    /// Errors of the console and the script, dialogs, and addresses that were fetched.
    pub complaints: Vec<String>,
    _profile: tempfile::TempDir,
}

impl Page {
    /// Starts the browser with an empty page of this size.
    pub fn start(program: &str, width: u32, height: u32) -> Page {
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "sh", program])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(FLAGS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let to = child.stdin.take().expect("piped");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, from) = channel();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            while out.read_until(0, &mut bytes).is_ok_and(|n| n > 0) && bytes.pop() == Some(0) {
                if sender.send(std::mem::take(&mut bytes)).is_err() {
                    return;
                }
            }
        });
        let mut page = Page { child, to, from, session: None, next: 0, complaints: Vec::new(), _profile: profile };
        let target = page.call("Target.createTarget", json!({"url": "about:blank"}));
        let attached = page.call("Target.attachToTarget", json!({"targetId": target["targetId"], "flatten": true}));
        page.session = attached["sessionId"].as_str().map(str::to_string);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        page.call("Emulation.setDeviceMetricsOverride", size);
        page
    }

    /// Sends a command and waits for its answer; events in between are looked at.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        loop {
            let answer = self.receive();
            if answer["id"] == json!(id) {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
            self.notice(&answer);
        }
    }

    fn send(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        let mut message = json!({"id": self.next, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser listens");
        self.next
    }

    fn receive(&mut self) -> Value {
        let bytes = self.from.recv_timeout(PATIENCE).expect("the browser ended or hangs");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    /// Waits for an event.
    pub fn wait_for(&mut self, method: &str) {
        loop {
            let message = self.receive();
            self.notice(&message);
            if message["method"] == json!(method) {
                return;
            }
        }
    }

    fn notice(&mut self, event: &Value) {
        let p = &event["params"];
        let complaint = match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => p["exceptionDetails"].to_string(),
            Some("Runtime.consoleAPICalled") if p["type"] != json!("log") => p["args"].to_string(),
            Some("Log.entryAdded") => p["entry"].to_string(),
            Some("Page.javascriptDialogOpening") => {
                self.send("Page.handleJavaScriptDialog", json!({"accept": true}));
                format!("dialog {p}")
            }
            Some("Network.requestWillBeSent") if p["type"] != json!("Document") => p["request"]["url"].to_string(),
            _ => return,
        };
        self.complaints.push(complaint);
    }

    /// Opens a file and waits until it is loaded.
    pub fn open(&mut self, file: &Path) {
        self.call("Page.navigate", json!({"url": format!("file://{}", file.display())}));
        self.wait_for("Page.loadEventFired");
        self.eval("document.readyState");
    }

    /// What the page's script says.
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", params);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    /// Waits until two frames have been drawn, so that scrolling has settled.
    pub fn settle(&mut self) {
        self.eval("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    }

    /// Presses a key by its name in the DOM, such as `ArrowLeft` or `f`.
    pub fn press(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        let text = if key == "Enter" { "\r" } else { text };
        for kind in ["keyDown", "keyUp"] {
            let mut params = json!({"type": kind, "key": key});
            if kind == "keyDown" && !text.is_empty() {
                params["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", params);
        }
        self.settle();
    }

    /// Scrolls to the first element that `selector` finds and clicks at its middle.
    pub fn click(&mut self, selector: &str) {
        let middle = format!(
            "(() => {{ const e = document.querySelector({}); e.scrollIntoView({{block: 'nearest'}}); const b = e.getBoundingClientRect(); \
             return [b.x + b.width / 2, b.y + b.height / 2]; }})()",
            json!(selector)
        );
        let at = self.eval(&middle);
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let params = json!({"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", params);
        }
        self.settle();
    }

    /// Pretends that the system prefers `scheme`: `light` or `dark`; motion is reduced.
    pub fn prefer(&mut self, scheme: &str) {
        let features = json!([
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}));
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
