//! NATS JetStream as the other durable queue: its server on one node, syncing before it answers, and the few words of its
//! text protocol that publishing takes.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

/// How often the server is asked whether it is there.
const ASK_AGAIN: Duration = Duration::from_millis(50);
const ASK_TIMES: usize = 200;

/// A server and a connection to it.
#[derive(Debug)]
pub(super) struct JetStream {
    server: Child,
    send: OwnedWriteHalf,
    recv: BufReader<OwnedReadHalf>,
}

impl JetStream {
    /// None where there is no server to start.
    pub(super) async fn start(folder: &Path) -> Option<Self> {
        let program = find()?;
        let port = free_port();
        let store = folder.join("jetstream");
        let config = folder.join("nats.conf");
        let text = format!(
            "host: 127.0.0.1\nport: {port}\njetstream {{ store_dir: {:?}, sync_interval: always }}\n",
            store.display().to_string()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(program);
        command.arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
        let server = command.spawn().ok()?;
        let (recv, send) = connect(port).await.into_split();
        let mut jetstream = Self { server, send, recv: BufReader::new(recv) };
        jetstream.open_stream().await;
        Some(jetstream)
    }

    async fn open_stream(&mut self) {
        let info = self.line().await;
        assert!(info.starts_with("INFO "), "a NATS server begins with INFO, this one with {info:?}");
        let stream = r#"{"name":"mail","subjects":["mail.>"],"storage":"file","num_replicas":1}"#;
        let words = format!(
            "CONNECT {{\"verbose\":false,\"pedantic\":false,\"headers\":false}}\r\nSUB answers.* 1\r\n\
             PUB $JS.API.STREAM.CREATE.mail answers.0 {}\r\n{stream}\r\n",
            stream.len()
        );
        self.send.write_all(words.as_bytes()).await.unwrap();
        let made = self.answer().await;
        assert!(made.contains(r#""config""#), "the stream is not made: {made}");
    }

    /// Publishes so many messages with so many under way, each acknowledged after its sync.
    pub(super) async fn publish(&mut self, count: usize, in_flight: usize, bytes: usize) {
        let mut message = format!("PUB mail.one answers.1 {bytes}\r\n").into_bytes();
        message.extend(std::iter::repeat_n(b'x', bytes));
        message.extend_from_slice(b"\r\n");
        let (mut sent, mut answered) = (0, 0);
        while answered < count {
            let room = (in_flight - (sent - answered)).min(count - sent);
            if room > 0 {
                self.send.write_all(&message.repeat(room)).await.unwrap();
                sent += room;
            }
            let answer = self.answer().await;
            assert!(answer.contains(r#""seq""#), "a message is not kept: {answer}");
            answered += 1;
        }
    }

    /// The body of the next message for us.
    async fn answer(&mut self) -> String {
        loop {
            let line = self.line().await;
            if line.starts_with("PING") {
                self.send.write_all(b"PONG\r\n").await.unwrap();
            } else if let Some(message) = line.strip_prefix("MSG ") {
                let length: usize = message.split_whitespace().last().unwrap().parse().unwrap();
                let mut body = vec![0; length + 2];
                self.recv.read_exact(&mut body).await.unwrap();
                return String::from_utf8(body).unwrap();
            } else {
                assert!(!line.starts_with("-ERR"), "the server says {line}");
            }
        }
    }

    async fn line(&mut self) -> String {
        let mut line = String::new();
        self.recv.read_line(&mut line).await.unwrap();
        assert!(!line.is_empty(), "the server has closed the connection");
        line
    }
}

impl Drop for JetStream {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// On the path, or where Python keeps its programs. What stands there may be a wrapper; it is asked for its version.
fn find() -> Option<PathBuf> {
    let python = "import sysconfig; print(sysconfig.get_path('scripts'))";
    let scripts = Command::new("python3").args(["-c", python]).output().ok();
    let scripts = scripts.and_then(|out| String::from_utf8(out.stdout).ok());
    let beside_python = scripts.map(|folder| Path::new(folder.trim()).join("nats-server"));
    // Not the wrapper if there is a choice: it could not be ended.
    let places = [beside_python, Some(PathBuf::from("nats-server"))];
    places.into_iter().flatten().find(|program| {
        let asked =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    })
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn connect(port: u16) -> TcpStream {
    for _ in 1..ASK_TIMES {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)).await {
            stream.set_nodelay(true).unwrap();
            return stream;
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
    TcpStream::connect(("127.0.0.1", port)).await.unwrap()
}
