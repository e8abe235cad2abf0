//! A headless Chromium, driven over a pipe with the DevTools protocol. Nothing but the program is
//! needed, and no port is opened.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::PATIENCE;

/// What Debian and others call it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A browser; closed when dropped.
pub(crate) struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    number: u64,
    _profile: TempDir,
}

/// A page of a browser, with cookies of its own.
#[derive(Clone)]
pub(crate) struct Page {
    session: String,
}

impl Browser {
    /// Starts it; `None`, with a printed line, where there is no Chromium.
    pub(crate) fn start() -> Option<Self> {
        let runs = |name: &&&str| {
            let quiet = Command::new(name)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            quiet.is_ok_and(|status| status.success())
        };
        let Some(name) = NAMES.iter().find(runs) else {
            println!("skipped: there is no Chromium (Debian: apt-get install chromium)");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        // The protocol speaks on file descriptors 3 and 4: our ends of its input and output.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "sh", name])
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--remote-debugging-pipe", "--hide-scrollbars"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to = child.stdin.take().unwrap();
        let from = BufReader::new(child.stdout.take().unwrap());
        Some(Self { child, to, from, number: 0, _profile: profile })
    }

    /// One call of the protocol; its result.
    fn call(&mut self, page: Option<&Page>, method: &str, params: &Value) -> Value {
        let said = self.ask(page, method, params);
        assert!(said["error"].is_null(), "{method}: {}", said["error"]);
        said["result"].clone()
    }

    /// One call of the protocol; what the browser says to it.
    fn ask(&mut self, page: Option<&Page>, method: &str, params: &Value) -> Value {
        self.number += 1;
        let mut call = json!({ "id": self.number, "method": method, "params": params });
        if let Some(page) = page {
            call["sessionId"] = json!(page.session);
        }
        self.to.write_all(call.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        loop {
            let mut said = Vec::new();
            self.from.read_until(0, &mut said).unwrap();
            assert_eq!(said.pop(), Some(0), "the browser has gone");
            let said: Value = serde_json::from_slice(&said).unwrap();
            if said["id"] == self.number {
                return said;
            }
        }
    }

    /// A page in a context of its own, so wide and dark or not.
    pub(crate) fn page(&mut self, width: u32, dark: bool) -> Page {
        let context = self.call(None, "Target.createBrowserContext", &json!({}));
        let target =
            json!({ "url": "about:blank", "browserContextId": context["browserContextId"] });
        let target = self.call(None, "Target.createTarget", &target);
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call(None, "Target.attachToTarget", &attach);
        let page = Page { session: session["sessionId"].as_str().unwrap().to_owned() };
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call(Some(&page), "Emulation.setDeviceMetricsOverride", &size);
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call(Some(&page), "Emulation.setEmulatedMedia", &media);
        page
    }

    /// What a script on the page evaluates to; `null` while the page changes.
    pub(crate) fn eval(&mut self, page: &Page, script: &str) -> Value {
        let ask = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let said = self.ask(Some(page), "Runtime.evaluate", &ask);
        if said["error"]["message"] == "Inspected target navigated or closed" {
            return Value::Null;
        }
        assert!(said["error"].is_null(), "{script}: {}", said["error"]);
        let said = &said["result"];
        assert!(said["exceptionDetails"].is_null(), "{script}: {said}");
        said["result"]["value"].clone()
    }

    /// Waits until a condition on the page holds.
    pub(crate) fn until(&mut self, page: &Page, condition: &str) {
        let begun = Instant::now();
        let whole = format!("document.readyState === 'complete' && Boolean({condition})");
        while self.eval(page, &whole) != true {
            if begun.elapsed() > PATIENCE {
                let shown = self.eval(page, "location.href + '\\n' + document.body.innerText");
                panic!("waited in vain for {condition} on {shown}");
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// Goes to an address and waits until it is there.
    pub(crate) fn go(&mut self, page: &Page, url: &str) {
        self.eval(page, "window.before = true");
        self.call(Some(page), "Page.navigate", &json!({ "url": url }));
        self.until(page, "!window.before");
    }

    /// Presses a key: a letter, a digit, a sign, `Enter` or `Tab`.
    pub(crate) fn press(&mut self, page: &Page, key: &str) {
        let text = match key {
            "Enter" => "\r",
            "Tab" | "Escape" => "",
            key => key,
        };
        let code = match key {
            "Enter" => 13,
            "Tab" => 9,
            "Escape" => 27,
            _ => 0,
        };
        let mut event = json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": code });
        if !text.is_empty() {
            event["text"] = json!(text);
        }
        self.call(Some(page), "Input.dispatchKeyEvent", &event);
        let up = json!({ "type": "keyUp", "key": key, "windowsVirtualKeyCode": code });
        self.call(Some(page), "Input.dispatchKeyEvent", &up);
    }

    /// Types a text where the focus is.
    pub(crate) fn write(&mut self, page: &Page, text: &str) {
        self.call(Some(page), "Input.insertText", &json!({ "text": text }));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
