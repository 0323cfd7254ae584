//! Files on pages: how they are named, how they leave, and their small pictures. A file of somebody else never becomes a part of a page:
//! it is saved as bytes, and what is shown of a picture has been drawn anew ([`crate::preview`]).

use std::io::{self, Read};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::attachments::{Unsealed, media_type, names};
use crate::cli::failure::{Failure, exit};
use crate::lang::Lang;
use crate::preview::{self, NoPreview, PICTURE_BYTES_MAX};

/// Bytes of a file that go out at once, and how many such pieces wait for a browser that is slow: a quarter of a MiB.
const PIECE_BYTES: usize = 64 * 1024;
const PIECES: usize = 4;
/// What the browser may do with a file that it was given: keep it.
const KEPT_ONLY: &str = "default-src 'none'; sandbox";

/// A picture that cannot be shown.
const UNFIT: &str = "A-109";

/// A file as a page lists it.
pub(crate) struct Listed {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) size: String,
    pub(crate) kind: String,
    /// What else is to be known of it.
    pub(crate) words: String,
    /// Its hash, where somebody may want to compare it; or empty.
    pub(crate) sha256: String,
    /// Whether it is whole and verified on this workstation; none where that goes without saying.
    pub(crate) checked: Option<bool>,
    /// Where it is saved from; empty: it is not.
    pub(crate) save: String,
    /// Where its small picture is; empty: there is none.
    pub(crate) preview: String,
    /// What the picture is, and what is said in its place.
    pub(crate) alt: String,
    pub(crate) unshown: String,
}

impl Listed {
    /// The file of this name and size at this address.
    pub(crate) fn at(address: &str, id: &str, name: &str, size: u64, lang: Lang) -> Self {
        let name = names::neutral(name);
        let drawn = is_picture(&name) && size <= PICTURE_BYTES_MAX;
        let gaps = [("name", name.as_str())];
        Self {
            id: id.to_owned(),
            size: size_words(size, lang),
            kind: kind(&name, lang),
            words: String::new(),
            sha256: String::new(),
            checked: None,
            save: String::new(),
            preview: if drawn { format!("{address}/preview") } else { String::new() },
            alt: lang.fill("file-preview-alt", &gaps),
            unshown: lang.text("file-unshown"),
            name,
        }
    }
}

/// Whether a file says by its name that it is a picture that can be drawn. Whether it is shows when it is drawn.
fn is_picture(name: &str) -> bool {
    media_type(name).starts_with("image/")
}

fn kind(name: &str, lang: Lang) -> String {
    lang.text(match media_type(name) {
        "image/jpeg" | "image/png" => "file-kind-picture",
        "application/pdf" => "file-kind-pdf",
        "audio/ogg" | "audio/mp4" => "file-kind-sound",
        "video/mp4" => "file-kind-film",
        "text/plain" => "file-kind-text",
        _ => "file-kind-other",
    })
}

/// A length as people say it.
pub(crate) fn size_words(bytes: u64, lang: Lang) -> String {
    let tenths = bytes.div_ceil(100_000);
    if bytes < 1_000_000 {
        return lang.fill("file-size-kb", &[("n", &bytes.div_ceil(1000).to_string())]);
    }
    let point = if lang == Lang::Ru { ',' } else { '.' };
    let n = match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}{point}{rest}", tenths / 10),
    };
    lang.fill("file-size-mb", &[("n", &n)])
}

/// A file to be saved: bytes under a name, whatever it says that it is. Once the home is locked (`ended`) no more of it goes out; the
/// browser sees that it is not whole.
pub(crate) fn download(name: &str, size: u64, plain: Unsealed, ended: CancellationToken) -> Response {
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CONTENT_DISPOSITION, disposition(name)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(KEPT_ONLY)),
        (header::CONTENT_LENGTH, HeaderValue::from(size)),
    ];
    (head, streamed(plain, ended)).into_response()
}

/// RFC 6266 with the name in RFC 8187, and in plain letters for whoever does not read that.
fn disposition(name: &str) -> HeaderValue {
    let name = names::neutral(name);
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || " .-_()".contains(c) { c } else { '_' })
        .collect();
    let mut coded = String::new();
    for byte in name.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => coded.push(char::from(b)),
            b => coded.push_str(&format!("%{b:02X}")),
        }
    }
    HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}

/// What a file says, opened as it is asked for: in memory only, and a piece at a time.
fn streamed(mut plain: impl Read + Send + 'static, ended: CancellationToken) -> Body {
    let (give, take) = mpsc::channel::<io::Result<Bytes>>(PIECES);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE_BYTES];
            let read = plain.read(&mut piece).map(|read| {
                piece.truncate(read);
                Bytes::from(piece)
            });
            let last = read.as_ref().map_or(true, Bytes::is_empty);
            // Nobody reads on, or there is nothing to read.
            if read.as_ref().is_ok_and(Bytes::is_empty) || give.blocking_send(read).is_err() || last {
                return;
            }
        }
    });
    Body::from_stream(futures_util::stream::unfold((take, ended), |(mut take, ended)| async move {
        if ended.is_cancelled() {
            return None;
        }
        let piece = ended.run_until_cancelled(take.recv()).await??;
        Some((piece, (take, ended)))
    }))
}

/// The small picture of a file, or why there is none.
pub(crate) async fn picture(plain: Unsealed, name: &str) -> Result<Response, Failure> {
    let unfit = || Failure::said(UNFIT, exit::INVALID, "file-no-preview", &[("name", &names::neutral(name))]);
    let reading = tokio::task::spawn_blocking(move || {
        let mut bytes = Zeroizing::new(Vec::new());
        plain.take(PICTURE_BYTES_MAX + 1).read_to_end(&mut bytes).map(|_| bytes)
    });
    let bytes = reading.await.map_err(Failure::internal)?.map_err(Failure::internal)?;
    let drawn = preview::of(bytes).await.map_err(|error| match error {
        NoPreview::Unfit => unfit(),
        NoPreview::Process(why) => {
            tracing::warn!("no process for a preview: {why}");
            unfit()
        }
    })?;
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(KEPT_ONLY)),
    ];
    Ok((head, drawn).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_header_ends_nothing_and_begins_nothing() {
        let header = disposition("a\"; filename=\"x.html\r\nSet-Cookie: a=b/../Дарья\u{202e}gpj.exe");
        assert_eq!(
            header.to_str().unwrap(),
            "attachment; filename=\"_____ _gpj.exe\"; filename*=UTF-8''%D0%94%D0%B0%D1%80%D1%8C%D1%8F_gpj.exe"
                .replace("_____ _", "______")
        );
        for name in ["", "\r\n", "\"", "💥"] {
            assert_eq!(disposition(name), "attachment; filename=\"file\"; filename*=UTF-8''file", "{name:?}");
        }
    }

    #[tokio::test]
    async fn a_file_that_is_going_out_ends_with_the_lock() {
        use futures_util::StreamExt as _;
        let ended = CancellationToken::new();
        let mut pieces = streamed(io::repeat(7), ended.clone()).into_data_stream();
        for _ in 0..2 * PIECES {
            assert_eq!(pieces.next().await.unwrap().unwrap().len(), PIECE_BYTES);
        }
        ended.cancel();
        assert!(pieces.next().await.is_none(), "not even what was read already");
    }

    #[test]
    fn a_length_is_said_as_people_say_it() {
        for (bytes, en, ru) in [
            (0, "0 kB", "0 кБ"),
            (1, "1 kB", "1 кБ"),
            (2_345_678, "2.4 MB", "2,4 МБ"),
            (25_000_000, "25 MB", "25 МБ"),
        ] {
            let said = [Lang::En, Lang::Ru]
                .map(|lang| size_words(bytes, lang).replace(['\u{2068}', '\u{2069}'], ""));
            assert_eq!(said, [en, ru]);
        }
    }
}
