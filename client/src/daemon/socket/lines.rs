//! A body as lines, each one JSON value, read as it comes and never longer than it may be.

use axum::body::{Body, BodyDataStream};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use zeroize::Zeroize as _;

use crate::caller::ANSWER_BYTES_MAX;

/// What has come of a body and is not read.
pub(crate) struct Lines {
    body: BodyDataStream,
    held: Vec<u8>,
    broken: bool,
}

impl Lines {
    /// Of a body.
    pub(crate) fn of(body: Body) -> Self {
        Self { body: body.into_data_stream(), held: Vec::new(), broken: false }
    }

    /// The next value; none at the end, and after a line that is none or too long.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> Option<T> {
        let mut looked = 0;
        loop {
            if let Some(end) = self.held[looked..].iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.held.drain(..=looked + end).collect();
                let value = serde_json::from_slice(&line).ok();
                // There may be a passphrase in it, or what a person has typed from paper.
                line.zeroize();
                return value;
            }
            looked = self.held.len();
            if looked as u64 > ANSWER_BYTES_MAX {
                return None;
            }
            match self.body.next().await {
                Some(Ok(bytes)) => self.held.extend_from_slice(&bytes),
                Some(Err(_)) => {
                    self.broken = true;
                    return None;
                }
                None => return None,
            }
        }
    }

    /// Whether the body was cut off before its end.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.held.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use serde_json::{Value, json};

    use super::*;

    fn lines(pieces: Vec<Result<Vec<u8>, std::io::Error>>) -> Lines {
        Lines::of(Body::from_stream(stream::iter(pieces)))
    }

    #[tokio::test]
    async fn values_come_one_by_one_wherever_the_pieces_end() {
        let mut whole = lines(vec![Ok(b"{\"a\":".to_vec()), Ok(b"1}\n[".to_vec()), Ok(b"2]\n3".to_vec())]);
        assert_eq!(whole.next::<Value>().await, Some(json!({ "a": 1 })));
        assert_eq!(whole.next::<Value>().await, Some(json!([2])));
        assert_eq!(whole.next::<Value>().await, None, "a line without an end is none");
        assert!(!whole.is_broken());
    }

    #[tokio::test]
    async fn what_is_no_value_or_has_no_end_is_the_end_and_a_cut_is_noticed() {
        assert_eq!(lines(vec![Ok(b"{\n".to_vec())]).next::<Value>().await, None);
        let piece = usize::try_from(ANSWER_BYTES_MAX / 2).unwrap();
        let endless = std::iter::repeat_with(|| Ok(vec![b' '; piece])).take(9).collect();
        let mut endless = lines(endless);
        assert_eq!(endless.next::<Value>().await, None);
        assert!(endless.held.len() <= piece * 3);
        let mut cut = lines(vec![Ok(b"1\n2".to_vec()), Err(std::io::ErrorKind::ConnectionReset.into())]);
        assert_eq!((cut.next::<Value>().await, cut.next::<Value>().await), (Some(json!(1)), None));
        assert!(cut.is_broken());
    }
}
