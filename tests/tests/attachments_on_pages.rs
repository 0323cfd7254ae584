//! Attachments on the staff's pages, over HTTP as a browser without a script speaks it: brought in, kept, sent, looked at, saved.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use causeway_tests::process::actor::Actor;
use causeway_tests::process::http::{Answer, MULTIPART, PATIENCE, Pages, Stage, multipart, request_head};
use causeway_tests::process::program::program;
use causeway_tests::process::sample;
use serde_json::Value;

const TOWN: &[(&str, &str, &str)] = &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];

/// What must stand in no file of a home.
const MARKER: &[u8] = b"Lenina 5, third floor, the blue door";

/// The sample with a place in its Exif, and the marker in a comment.
fn told_photo() -> Vec<u8> {
    let sample = std::fs::read(sample("photo.jpg")).unwrap();
    let mut tiff = b"II\x2a\0\x08\0\0\0\x01\0\x25\x88\x04\0\x01\0\0\0\x1a\0\0\0".to_vec();
    tiff.extend_from_slice(MARKER);
    let segment = |marker: u8, body: &[u8]| {
        let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
        [&[0xff, marker], &length[..], body].concat()
    };
    let exif = segment(0xe1, &[b"Exif\0\0", tiff.as_slice()].concat());
    [&sample[..20], &exif, &segment(0xfe, MARKER), &sample[20..]].concat()
}

/// A picture of one colour: bits of a pixel, and which of the colour types.
fn png(width: u32, height: u32, bits: u8, colour: u8) -> Vec<u8> {
    let samples = match colour {
        6 => 4,
        2 => 3,
        _ => 1,
    };
    let line = 1 + usize::try_from((u64::from(width) * samples * u64::from(bits)).div_ceil(8)).unwrap();
    let mut pixels = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..height {
        pixels.write_all(&vec![0; line]).unwrap();
    }
    let chunk = |name: &[u8; 4], body: &[u8]| {
        let named = [&name[..], body].concat();
        let mut sum = flate2::Crc::new();
        sum.update(&named);
        [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], &named, &sum.sum().to_be_bytes()].concat()
    };
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[bits, colour, 0, 0, 0]].concat();
    let parts = [chunk(b"IHDR", &head), chunk(b"IDAT", &pixels.finish().unwrap()), chunk(b"IEND", &[])];
    [b"\x89PNG\r\n\x1a\n", parts.concat().as_slice()].concat()
}

/// A draft that lacks nothing, for the police, who may have evidence with it; gives its address.
async fn draft(hotline: &Actor) -> String {
    let report: Value =
        serde_json::from_slice(&std::fs::read(sample("missing-person.json")).unwrap()).unwrap();
    let said = report.as_object().unwrap().iter().map(|(name, value)| match value {
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    });
    let said: Vec<String> = said.collect();
    let mut words = vec!["drafts", "new", "missing-person", "--to", "Border Police"];
    words.extend(said.iter().map(String::as_str));
    format!("/draft/{}", hotline.run(&words).await["id"].as_str().unwrap())
}

/// The addresses in a page that begin like this and end so.
fn links(page: &Answer, begins: &str, ends: &str) -> Vec<String> {
    let quoted = page.body.split('"').skip(1).step_by(2);
    let mut found: Vec<String> =
        quoted.filter(|text| text.starts_with(begins) && text.ends_with(ends)).map(str::to_owned).collect();
    found.dedup();
    found
}

fn has(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|window| window == words)
}

/// Nothing below this folder says these words in clear.
fn assert_nowhere(folder: &Path, words: &[u8]) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_nowhere(&path, words);
        } else if let Ok(bytes) = std::fs::read(&path) {
            assert!(!has(&bytes, words), "{} says it in clear", path.display());
        }
    }
}

/// Sends what stands in a draft, and gives the addresses of the item at both ends.
async fn sent(here: &mut Pages, there: &mut Pages, draft: &str) -> (String, String) {
    let check = here.get(&format!("{draft}/check"));
    let revision =
        check.body.split("name=\"revision\" value=\"").nth(1).unwrap_or_else(|| panic!("{}", check.body));
    let revision = revision.split('"').next().unwrap().to_owned();
    let sent = here.post(&format!("{draft}/check"), &[("revision", &revision)]);
    assert_eq!(sent.status, 303, "{}", sent.body);
    let receipt = here.get(sent.location());
    let ours = receipt.link("/item/");
    let board = there.until("/board", "Angel Hotline").await;
    let theirs = board.link("/item/").split("/accept").next().unwrap().to_owned();
    (ours, theirs)
}

fn is_saved_only(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    for wanted in [
        "content-type: application/octet-stream",
        "content-disposition: attachment; filename=\"",
        "content-security-policy: default-src 'none'; sandbox",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
    ] {
        assert!(answer.head.contains(wanted), "{wanted}: {}", answer.head);
    }
}

fn is_drawn_anew(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.head.contains("content-type: image/jpeg"), "{}", answer.head);
    assert!(answer.bytes.starts_with(b"\xff\xd8\xff") && !has(&answer.bytes, MARKER));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_attached_on_a_page_survives_the_program_arrives_is_looked_at_and_saved_byte_for_byte() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let draft = draft(hotline).await;
    let mut here = Pages::entered(hotline).await;
    let photo = told_photo();
    let files = format!("{draft}/files");
    assert!(here.get(&draft).body.contains(&files), "it is one of the parts");
    assert!(here.get(&files).body.contains("enctype=\"multipart/form-data\""));
    let film: Vec<u8> = MARKER.iter().copied().cycle().take(3_000_000).collect();
    for (section, name, bytes) in
        [("PHO", "Ivanova Maria.jpg", &photo), ("EVI", "Снимок 1.jpg", &photo), ("EVI", "film.mp4", &film)]
    {
        let kept = here.upload(&format!("{files}/add"), section, &[(name, bytes)]);
        assert_eq!((kept.status, kept.location()), (303, files.as_str()), "{}", kept.body);
    }
    // What was shown as stored is stored, and in clear nowhere.
    let shown = here.get(&files).body;
    here.kill().await;
    assert_nowhere(&hotline.home, MARKER);
    let (mut here, mut there) = (Pages::entered(hotline).await, Pages::entered(police).await);
    here.until("/board", "Connected").await;
    let list = here.get(&files);
    for words in
        ["Ivanova Maria.jpg", "Снимок 1.jpg", "film.mp4", "3 MB", "says where it was taken", "under a number"]
    {
        assert!(shown.contains(words) && list.body.contains(words), "{words}: {}", list.body);
    }
    for preview in links(&list, &files, "/preview") {
        is_drawn_anew(&here.get(&preview));
    }
    let check = here.get(&format!("{draft}/check"));
    assert!(check.body.contains("Goes to: ") && check.body.contains("Ivanova Maria.jpg"), "{}", check.body);

    let (ours, theirs) = sent(&mut here, &mut there, &draft).await;
    assert_eq!(here.get(&draft).status, 404, "a draft that was sent is none");
    let item = there.get(&theirs);
    assert!(item.body.contains("photo-1.jpg") && !item.body.contains("Ivanova"), "{}", item.body);
    assert!(item.body.contains("Not fetched yet"), "{}", item.body);
    let previews = links(&item, &theirs, "/preview");
    assert_eq!(previews.len(), 2, "of pictures only: {}", item.body);
    previews.iter().for_each(|preview| is_drawn_anew(&there.get(preview)));
    let clean = std::fs::read(sample("photo.jpg")).unwrap();
    let mut found = Vec::new();
    for preview in
        links(&item, &theirs, "").iter().filter(|link| link.contains("/file/") && !link.ends_with("/preview"))
    {
        let saved = there.get(preview);
        is_saved_only(&saved);
        found.push(saved.bytes);
    }
    assert_eq!(found.len(), 3, "{}", item.body);
    for (what, wanted) in [("clean", &clean), ("as found", &photo), ("film", &film)] {
        assert!(found.contains(wanted), "{what}: {:?}", found.iter().map(Vec::len).collect::<Vec<_>>());
    }
    assert!(!there.get(&theirs).body.contains("Not fetched yet"), "all of them are here now");
    assert_nowhere(&police.home, MARKER);
    // Whoever has sent it sees it too, and a terminal has the same file.
    let mine = here.get(&ours);
    is_drawn_anew(&here.get(&links(&mine, &ours, "/preview")[0]));
    let id = theirs.trim_start_matches("/item/");
    let shown = police.run(&["inbox", "show", id]).await;
    let photo =
        shown["attachments"].as_array().unwrap().iter().find(|file| file["name"] == "photo-1.jpg").unwrap();
    let out = stage.folder().join("saved.jpg");
    police
        .run(&["attachment", "save", id, photo["id"].as_str().unwrap(), "--out", out.to_str().unwrap()])
        .await;
    assert_eq!((std::fs::read(out).unwrap(), &photo["checked"]), (clean, &Value::Bool(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn names_and_files_that_want_to_be_more_than_that_are_text_and_bytes() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let draft = draft(hotline).await;
    let (mut here, mut there) = (Pages::entered(hotline).await, Pages::entered(police).await);
    here.until("/board", "Connected").await;
    let long = format!("{}.jpeg", "д".repeat(300));
    let html = b"<html><script>alert(document.domain)</script>".as_slice();
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".as_slice();
    let cut = &told_photo()[..2_000];
    let hostile = [
        ("<img src=x onerror=alert(1)>.png", svg),
        ("..\\..\\x", html),
        ("../../../etc/passwd.html", html),
        ("scan\u{202e}gpj.exe", html),
        ("\";\r\nSet-Cookie: a=b;\".svg", svg),
        ("🕊💥.jpg", cut),
        (long.as_str(), cut),
    ];
    let kept = here.upload(&format!("{draft}/files/add"), "EVI", &hostile);
    assert_eq!(kept.status, 303, "{}", kept.body);
    let harmless = |page: &Answer| {
        for sign in ["<img src=x", "\u{202e}", "💥", "..\\", "Set-Cookie: a=b;\"", &"д".repeat(121)] {
            assert!(!page.body.contains(sign) && !page.head.contains(sign), "{sign:?}: {}", page.body);
        }
    };
    let list = here.get(&format!("{draft}/files"));
    harmless(&list);
    assert_eq!(links(&list, &draft, "/remove").len(), hostile.len(), "{}", list.body);
    let (_, theirs) = sent(&mut here, &mut there, &draft).await;
    let item = there.get(&theirs);
    harmless(&item);
    let files: Vec<String> =
        links(&item, &theirs, "").into_iter().filter(|link| link.contains("/file/")).collect();
    let mut saved = 0;
    for file in files {
        let answer = there.get(&file);
        harmless(&answer);
        if file.ends_with("/preview") && answer.status == 200 {
            // Half a photograph is drawn as far as it goes.
            is_drawn_anew(&answer);
        } else if file.ends_with("/preview") {
            let words = answer.body.contains("cannot be shown here") && answer.body.contains("A-109");
            assert!(answer.status == 422 && words, "what is no picture is none: {}", answer.body);
        } else {
            is_saved_only(&answer);
            assert!([html, svg, cut].contains(&answer.bytes.as_slice()));
            saved += 1;
        }
    }
    assert_eq!(saved, hostile.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_refused_in_words_and_what_was_kept_before_it_stays() {
    let stage = Stage::set(TOWN).await;
    let hotline = &stage.town.orgs[0];
    let draft = draft(hotline).await;
    let mut here = Pages::entered(hotline).await;
    let (files, add) = (format!("{draft}/files"), format!("{draft}/files/add"));
    let refused = |answer: &Answer, words: &str| {
        assert!(
            answer.status == 422 && answer.body.contains(words),
            "{words}: {} {}",
            answer.status,
            answer.body
        );
    };
    let large = vec![7; 25_000_001];
    refused(&here.upload(&add, "DOC", &[("scan.pdf", b"%PDF-1.7 scan"), ("large.pdf", &large)]), "large.pdf");
    refused(&here.upload(&add, "", &[("scan.pdf", b"%PDF")]), "not said what the file is");
    refused(&here.upload(&add, "IDN", &[("scan.pdf", b"%PDF")]), "not said what the file is");
    refused(&here.upload(&add, "DOC", &[("", b"")]), "no file was chosen");
    refused(&here.upload(&add, "DOC", &[("nothing.pdf", b"")]), "nothing.pdf is empty");
    refused(&here.upload(&add, "PHO", &[("half.jpg", &told_photo()[..40])]), "half.jpg is damaged");
    let list = here.get(&files);
    assert_eq!(links(&list, &draft, "/remove").len(), 1, "{}", list.body);
    // A script is told in words alone.
    let told = {
        let (said, body) = (here.said(), multipart("DOC", &[("large.pdf", &large)]));
        let head: Vec<(&str, &str)> = said.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let head = [&head[..], &[("Content-Type", MULTIPART), ("Accept", "text/plain")]].concat();
        plain(here.port, &add, &head, &body, body.len())
    };
    assert!(told.contains("large.pdf") && !told.contains("<h1"), "{told}");
    // More than any form brings is not even read; a file that is cut off is no file.
    let (said, body) = (here.said(), multipart("EVI", &[("film.mp4", &large[..2_000_000])]));
    let head: Vec<(&str, &str)> = said.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let head = [&head[..], &[("Content-Type", MULTIPART)]].concat();
    assert!(plain(here.port, &add, &head, b"", 2_000_000_000).contains(" 413 "));
    let mut stream = TcpStream::connect(("127.0.0.1", here.port)).unwrap();
    stream.write_all(request_head("POST", &add, &head, body.len()).as_bytes()).unwrap();
    stream.write_all(&body[..1_500_000]).unwrap();
    drop(stream);
    assert_eq!(
        links(&here.get(&files), &draft, "/remove").len(),
        1,
        "what did not arrive whole is not there"
    );

    let many: Vec<(String, Vec<u8>)> = (0..32).map(|n| (format!("{n}.txt"), vec![b'x'; 10])).collect();
    let many: Vec<(&str, &[u8])> =
        many.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    refused(&here.upload(&add, "DOC", &many), "at most 32");
    let list = here.get(&files);
    let remove = links(&list, &draft, "/remove");
    assert_eq!(remove.len(), 32, "31 of them came before");
    assert_eq!(here.post(&remove[0], &[]).status, 303);
    assert!(here.post(&remove[0], &[]).status == 404 && !here.get(&files).body.contains("scan.pdf"));
    // A terminal does the same, and takes it off again.
    let id = draft.trim_start_matches("/draft/");
    let note = stage.folder().join("note.txt");
    std::fs::write(&note, MARKER).unwrap();
    let kept = hotline.run(&["drafts", "attach", id, &format!("DOC={}", note.display())]).await;
    assert!(here.get(&files).body.contains("note.txt"));
    hotline.run(&["drafts", "detach", id, kept["id"].as_str().unwrap()]).await;
    assert!(!here.get(&files).body.contains("note.txt"));
    // Nothing is left of a draft that is deleted.
    let staged = || std::fs::read_dir(hotline.home.join("staging")).unwrap().count();
    assert_eq!(staged(), 31);
    assert_eq!(here.post(&format!("{draft}/delete"), &[]).status, 303);
    assert_eq!(staged(), 0);
}

/// What comes back for a body of this length of which only so much is said.
fn plain(port: u16, path: &str, head: &[(&str, &str)], body: &[u8], length: usize) -> String {
    use std::io::Read as _;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request_head("POST", path, head, length).as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_that_draws_can_do_nothing_else() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut process = tokio::process::Command::new(program("causeway"))
        .arg("preview-picture")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let about =
        |name: &str| std::fs::read_to_string(format!("/proc/{}/{name}", process.id().unwrap())).unwrap();
    let begun = tokio::time::Instant::now();
    while !about("status").contains("Seccomp:\t2") {
        assert!(begun.elapsed() < PATIENCE, "it is never shut in: {}", about("status"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(about("status").contains("Threads:\t1") && about("status").contains("NoNewPrivs:\t1"));
    let limits = about("limits");
    for (what, most) in [
        ("Max address space", "268435456"),
        ("Max cpu time", "5"),
        ("Max file size", "0"),
        ("Max core file size", "0"),
        ("Max processes", "0"),
        ("Max open files", "0"),
    ] {
        let line = limits.lines().find(|line| line.starts_with(what)).unwrap();
        assert_eq!(line[what.len()..].split_whitespace().next(), Some(most), "{line}");
    }
    let mut gives = process.stdin.take().unwrap();
    gives.write_all(&told_photo()).await.unwrap();
    drop(gives);
    let mut drawn = Vec::new();
    process.stdout.take().unwrap().read_to_end(&mut drawn).await.unwrap();
    assert!(process.wait().await.unwrap().success() && drawn.starts_with(b"\xff\xd8\xff"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_wants_all_memory_gets_none_and_the_others_are_still_shown() {
    let stage = Stage::set(TOWN).await;
    let hotline = &stage.town.orgs[0];
    let draft = draft(hotline).await;
    let mut here = Pages::entered(hotline).await;
    let files = format!("{draft}/files");
    // Wider than is drawn; within that, but of more bytes than are decoded; within both, but more than the process may have.
    let bombs = [png(30_000, 30_000, 1, 0), png(8_000, 8_000, 16, 6), png(8_100, 8_100, 8, 6)];
    let (small, photo) = (png(300, 200, 8, 2), told_photo());
    let all = [
        ("wide.png", bombs[0].as_slice()),
        ("deep.png", &bombs[1]),
        ("full.png", &bombs[2]),
        ("small.png", &small),
        ("photo.jpg", &photo),
        ("half.jpg", &photo[..photo.len() / 2]),
    ];
    assert_eq!(here.upload(&format!("{files}/add"), "EVI", &all).status, 303);
    let list = here.get(&files);
    let previews = links(&list, &files, "/preview");
    let statuses: Vec<u16> = previews.iter().map(|preview| here.get(preview).status).collect();
    assert_eq!(statuses[..5], [422, 422, 422, 200, 200], "{}", list.body);
    // Half a picture is drawn as far as it goes, or said to be damaged.
    assert!([200, 422].contains(&statuses[5]), "{}", statuses[5]);
    is_drawn_anew(&here.get(&previews[3]));
    assert_eq!(here.get("/board").status, 200, "and the program goes on");
}
