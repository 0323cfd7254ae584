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
}

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
        let (port, head) = (self.port, self.head());
        let (method, path, body) = (method.to_owned(), path.to_owned(), body.to_owned());
        move || {
            let head: Vec<(&str, &str)> = head.iter().map(|(name, value)| (*name, value.as_str())).collect();
            request(port, &method, &path, &head, &body)
        }
    }

    /// What this browser says of itself.
    pub fn head(&self) -> Vec<(&'static str, String)> {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        vec![
            ("Host", self.host.clone()),
            ("Origin", format!("http://{}", self.host)),
            ("Sec-Fetch-Site", "same-origin".to_owned()),
            ("Cookie", cookies.join("; ")),
        ]
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
        let head = self.head();
        let head: Vec<(&str, &str)> = head.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = request(self.port, method, path, &head, body);
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
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let lines: String =
        head.iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| format!("{n}: {v}\r\n")).collect();
    let length = body.len();
    let kind = if method == "POST" { "Content-Type: application/x-www-form-urlencoded\r\n" } else { "" };
    let whole = format!(
        "{method} {path} HTTP/1.1\r\n{lines}{kind}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(whole.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.replace("\r\n", "\n"), body: body.to_owned() }
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
