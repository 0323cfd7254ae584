//! A page of somebody else on this machine: another program that answers on a port of its own.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub(crate) struct OtherSite {
    pub(crate) port: u16,
    heard: Arc<Mutex<String>>,
}

impl OtherSite {
    /// Shows the same page at every address, with this in it.
    pub(crate) fn showing(html: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(String::new()));
        let ears = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (ears, html) = (Arc::clone(&ears), html.clone());
                // Browsers connect before they have anything to ask: such a line must keep nobody waiting.
                std::thread::spawn(move || answer(stream.unwrap(), &ears, &html));
            }
        });
        Self { port, heard }
    }

    /// All requests, as they came.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, ears: &Mutex<String>, html: &str) {
    let mut request = vec![0; 16 * 1024];
    let length = stream.read(&mut request).unwrap_or(0);
    ears.lock().unwrap().push_str(&String::from_utf8_lossy(&request[..length]));
    let length = html.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    // A browser that has changed its mind is no failure of this test.
    let _ = stream.write_all(format!("{head}{html}").as_bytes());
}
