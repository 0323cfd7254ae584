//! A page of somebody else on this machine: another program that answers on a port of its own.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
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
                let (mut stream, mut request) = (stream.unwrap(), vec![0; 16 * 1024]);
                let length = stream.read(&mut request).unwrap_or(0);
                ears.lock().unwrap().push_str(&String::from_utf8_lossy(&request[..length]));
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{html}",
                    html.len()
                );
                // A browser that has changed its mind is no failure of this test.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { port, heard }
    }

    /// All requests, as they came.
    pub(crate) fn heard(&self) -> String {
        self.heard.lock().unwrap().clone()
    }
}
