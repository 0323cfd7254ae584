//! The staff's pages over HTTP, as a browser without a script speaks it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use super::actor::Actor;
use super::relay::{Place, Relay};
use super::town::Town;

/// Until something that travels has arrived.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A town in a folder of its own.
#[derive(Debug)]
pub struct Stage {
    folder: TempDir,
    /// Everybody.
    pub town: Town,
    relay: Option<Relay>,
}

impl Stage {
    /// Of these organisations.
    ///
    /// # Panics
    /// When they cannot be founded.
    pub async fn set(orgs: &[(&str, &str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::below(folder.path(), "warn");
        let (town, relay) = Town::found(folder.path(), place, orgs).await;
        Self { folder, town, relay: Some(relay) }
    }

    /// Ends the relay.
    pub async fn stop_relay(&mut self) {
        if let Some(relay) = self.relay.take() {
            relay.stop().await;
        }
    }

    /// Starts it again, at the same address.
    pub async fn start_relay(&mut self) {
        self.relay = Some(self.town.place.up().await);
    }

    /// Where everything of it lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// `causeway serve`, and a browser at its door.
#[derive(Debug)]
pub struct Pages {
    /// None for one of several browsers at the same.
    program: Option<Child>,
    host: String,
    /// Where it listens.
    pub port: u16,
    /// What the terminal has shown.
    pub code: String,
    cookies: Vec<(String, String)>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Its number.
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    /// The rest.
    pub body: String,
    /// The rest, byte for byte.
    pub bytes: Vec<u8>,
}

/// A file in a form: its name as the browser says it, and what it says.
pub type File<'a> = (&'a str, &'a [u8]);

impl Pages {
    /// In front of the door.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn of(actor: &Actor) -> Self {
        let mut program = actor.command(&["serve"]).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let line = lines.next_line().await.unwrap().unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let host = said["address"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        let port = host.rsplit(':').next().unwrap().parse().unwrap();
        let code = said["code"].as_str().unwrap().to_owned();
        assert_eq!(
            said["open"],
            format!("http://{host}/#code={}", said["open"].as_str().unwrap().rsplit('=').next().unwrap())
        );
        Self { program: Some(program), host, port, code, cookies: vec![] }
    }

    /// One let in.
    ///
    /// # Panics
    /// When it is not.
    pub async fn entered(actor: &Actor) -> Self {
        let mut pages = Self::of(actor).await;
        let code = pages.code.clone();
        let entered = pages.post("/enter", &[("code", &code)]);
        assert_eq!((entered.status, entered.location()), (303, "/"), "{}", entered.body);
        assert_eq!(pages.post("/unlock", &[("passphrase", &actor.passphrase())]).location(), "/board");
        pages
    }

    /// Ends it as a failing machine would, in the middle of whatever it does.
    ///
    /// # Panics
    /// When it cannot be ended.
    pub async fn kill(mut self) {
        self.program.as_mut().unwrap().kill().await.unwrap();
    }

    /// Number of its process.
    ///
    /// # Panics
    /// When it has ended.
    pub fn id(&self) -> u32 {
        self.program.as_ref().and_then(Child::id).unwrap()
    }

    /// Looks at a page.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    /// Sends a form.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask("POST", path, &form(fields))
    }

    /// A request of this browser, to be sent from elsewhere and at any time; it brings no new cookies.
    pub fn asking(&self, method: &str, path: &str, body: &str) -> impl FnOnce() -> Answer + Send + 'static {
        let (port, head) = (self.port, self.said());
        let (method, path, body) = (method.to_owned(), path.to_owned(), body.to_owned());
        move || {
            let head: Vec<(&str, &str)> = head.iter().map(|(name, value)| (*name, value.as_str())).collect();
            request(port, &method, &path, &head, &body)
        }
    }

    /// Another browser, at the door of the same program.
    ///
    /// # Panics
    /// When the program shows no code.
    pub async fn another(&self, actor: &Actor) -> Self {
        let shown = actor.run(&["code"]).await;
        let code = shown["code"].as_str().unwrap().to_owned();
        Self { program: None, host: self.host.clone(), port: self.port, code, cookies: Vec::new() }
    }

    /// Asks for anything.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn ask(&mut self, method: &str, path: &str, body: &str) -> Answer {
        let kind = if method == "POST" { "application/x-www-form-urlencoded" } else { "" };
        self.send(method, path, &[("Content-Type", kind)], body.as_bytes())
    }

    /// Sends a form with files, as a browser does: first what they are.
    ///
    /// # Panics
    /// When nobody answers.
    pub fn upload(&mut self, path: &str, section: &str, files: &[File<'_>]) -> Answer {
        let body = multipart(section, files);
        self.send("POST", path, &[("Content-Type", MULTIPART)], &body)
    }

    /// What a browser says with each of its requests.
    pub fn said(&self) -> Vec<(&'static str, String)> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        vec![
            ("Host", self.host.clone()),
            ("Origin", format!("http://{}", self.host)),
            ("Sec-Fetch-Site", "same-origin".to_owned()),
            ("Cookie", cookies.join("; ")),
        ]
    }

    fn send(&mut self, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
        let said = self.said();
        let mut head: Vec<(&str, &str)> = said.iter().map(|(name, value)| (*name, value.as_str())).collect();
        head.extend(more);
        let answer = exchange(self.port, method, path, &head, body);
        for line in answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        answer
    }

    /// Looks at a page until it says something.
    ///
    /// # Panics
    /// When it never does.
    pub async fn until(&mut self, path: &str, words: &str) -> Answer {
        let begun = tokio::time::Instant::now();
        loop {
            let answer = self.get(path);
            if answer.body.contains(words) {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "{path} never says {words:?}: {}", answer.body);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Answer {
    /// The value of the first field or button of this name.
    ///
    /// # Panics
    /// When there is none.
    pub fn value(&self, name: &str) -> String {
        let begin = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&begin).unwrap_or_else(|| panic!("{name}: {}", self.body));
        self.body[at + begin.len()..].split('"').next().unwrap().to_owned()
    }

    /// Where it sends the browser.
    pub fn location(&self) -> &str {
        self.head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap_or("")
    }

    /// The first address in it that begins like this.
    ///
    /// # Panics
    /// When there is none.
    pub fn link(&self, begins: &str) -> String {
        let at =
            self.body.find(&format!("href=\"{begins}")).unwrap_or_else(|| panic!("{begins}: {}", self.body));
        self.body[at + 6..].split('"').next().unwrap().to_owned()
    }
}

/// One request.
///
/// # Panics
/// When nobody answers.
pub fn request(port: u16, method: &str, path: &str, head: &[(&str, &str)], body: &str) -> Answer {
    let kind = if method == "POST" { "application/x-www-form-urlencoded" } else { "" };
    let head: Vec<(&str, &str)> = head.iter().copied().chain([("Content-Type", kind)]).collect();
    exchange(port, method, path, &head, body.as_bytes())
}

/// One request as it goes over the line.
fn exchange(port: u16, method: &str, path: &str, head: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request_head(method, path, head, body.len()).as_bytes()).unwrap();
    // One who has heard enough answers before all has been said.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    assert!(read.is_ok() || !bytes.is_empty(), "{method} {path}: {read:?}");
    let ends = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..ends]).replace("\r\n", "\n");
    let bytes = bytes.get(ends + 4..).unwrap_or_default().to_vec();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: String::from_utf8_lossy(&bytes).into_owned(), bytes }
}

/// What stands before the body of a request.
pub fn request_head(method: &str, path: &str, head: &[(&str, &str)], length: usize) -> String {
    let lines: String =
        head.iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    format!("{method} {path} HTTP/1.1\r\n{lines}Content-Length: {length}\r\nConnection: close\r\n\r\n")
}

/// The type of a form with files.
pub const MULTIPART: &str = "multipart/form-data; boundary=----causeway";

/// A form with files. Names stand in it as browsers write them (WHATWG): three signs are escaped.
pub fn multipart(section: &str, files: &[File<'_>]) -> Vec<u8> {
    let part = |rest: &str| format!("------causeway\r\nContent-Disposition: form-data; {rest}\r\n");
    let mut body = Vec::new();
    if !section.is_empty() {
        body.extend(format!("{}\r\n{section}\r\n", part("name=\"as\"")).bytes());
    }
    for (name, bytes) in files {
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        let head = part(&format!("name=\"file\"; filename=\"{name}\""));
        body.extend(format!("{head}Content-Type: application/octet-stream\r\n\r\n").bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"------causeway--\r\n");
    body
}

/// Fields as a form sends them.
pub fn form(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    fields.join("&")
}

/// Text as it stands in a form.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
