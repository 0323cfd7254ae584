//! Who may ask, and what is answered.

use super::*;
use crate::activity;
use crate::api::once::{self, Once};
use crate::events;

/// Every route with the scope that it needs.
const ROUTES: &[(&str, &str, Scope)] = &[
    ("GET", "/api/v1/referrals", Scope::MetaRead),
    ("GET", "/api/v1/referrals/65656565/meta", Scope::MetaRead),
    ("GET", "/api/v1/organisations", Scope::MetaRead),
    ("GET", "/api/v1/events", Scope::MetaRead),
    ("POST", "/api/v1/events/ack", Scope::MetaRead),
    ("GET", "/api/v1/events/stream?after=99", Scope::MetaRead),
    ("GET", "/api/v1/referrals/65656565", Scope::ContentRead),
    ("POST", "/api/v1/drafts", Scope::DraftWrite),
    ("POST", "/api/v1/referrals", Scope::Sending),
    ("POST", "/api/v1/referrals/65656565/steps/accept", Scope::Sending),
    ("GET", "/api/v1/deliveries", Scope::Admin),
    ("POST", "/api/v1/deliveries/0a1b2c3d4e5f/retry", Scope::Admin),
];

#[tokio::test]
async fn each_route_wants_its_scope_and_no_other_stands_in_for_it() {
    let scene = Scene::new().await;
    for (method, path, needed) in ROUTES {
        let others: Vec<Scope> = Scope::ALL.into_iter().filter(|scope| scope != needed).collect();
        let (without, with) = (scene.token(&others).await, scene.token(&[*needed]).await);
        let body = (*method == "POST").then(|| json!({}));
        let (status, problem) = scene.ask(request(method, path, Some(&without), body.as_ref())).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::FORBIDDEN, Some("J-104")), "{path}");
        assert!(problem["detail"].as_str().unwrap().contains(needed.as_str()), "{problem}");
        let (status, _) = scene.ask(request(method, path, Some(&with), body.as_ref())).await;
        assert!(![401, 403, 423].contains(&status.as_u16()), "{path}: {status}");
        for token in tokens::all(&scene.engine.vault).unwrap() {
            tokens::revoke(&scene.engine, &token.number()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn without_a_token_nothing_is_said_but_that_somebody_is_there() {
    let scene = Scene::new().await;
    let (status, check) = scene.ask(request("GET", "/api/v1/check", None, None)).await;
    assert_eq!((status, &check["locked"]), (StatusCode::OK, &json!(false)));
    let token = scene.token(&Scope::ALL).await;
    let wrong = token.replace(|c: char| c.is_ascii_digit(), "x") + "y";
    for shown in [None, Some(""), Some("causeway_"), Some(wrong.as_str())] {
        for (method, path, _) in ROUTES {
            let (status, problem) = scene.ask(request(method, path, shown, None)).await;
            assert_eq!(
                (status, problem["code"].as_str()),
                (StatusCode::UNAUTHORIZED, Some("J-102")),
                "{path}"
            );
        }
    }
    let id = tokens::all(&scene.engine.vault).unwrap()[0].number();
    tokens::revoke(&scene.engine, &id).await.unwrap();
    assert_eq!(scene.get("/api/v1/events", &token).await.0, StatusCode::UNAUTHORIZED, "it was taken away");
    let (status, problem) = scene.get("/api/v2/events", &token).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::NOT_FOUND, Some("J-109")));
}

#[tokio::test]
async fn a_locked_home_answers_no_token_and_knows_none() {
    let scene = Scene::new().await;
    let token = scene.token(&Scope::ALL).await;
    scene.site.daemon.lock().await;
    for shown in [token.as_str(), "causeway_any"] {
        let (status, problem) = scene.get("/api/v1/referrals", shown).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::LOCKED, Some("J-105")));
        assert_eq!(problem["retryable"], true);
    }
    assert_eq!(scene.ask(request("GET", "/api/v1/check", None, None)).await.1["locked"], true);
    assert_eq!(scene.ask(request("GET", "/api/v1/events", None, None)).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_is_kept_as_its_hash_and_ends_by_itself() {
    let scene = Scene::new().await;
    let token = scene.token(&[Scope::MetaRead]).await;
    assert_eq!(token.len(), "causeway_".len() + 43, "256 bits");
    let secret = token.trim_start_matches("causeway_").as_bytes();
    for tree in [Tree::Programs, Tree::Activity] {
        for (id, bytes) in scene.engine.vault.list(tree).unwrap() {
            for kept in [&id[..], &bytes[..]] {
                assert!(!kept.windows(secret.len()).any(|part| part == secret), "the token is not kept");
            }
        }
    }
    let known = tokens::find(&scene.engine.vault, &token).unwrap().unwrap();
    let after = |days: u64| Timestamp(known.created.0 + days * 24 * 60 * 60 * 1_000);
    assert!(!known.is_over(after(0)) && known.is_over(after(1)));
    end(&scene, &token, known).await;
    let (status, problem) = scene.get("/api/v1/events", &token).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("J-103")));
}

#[tokio::test]
async fn a_token_that_is_used_often_is_noted_once_a_minute() {
    let scene = Scene::new().await;
    let token = scene.token(&[Scope::MetaRead, Scope::DraftWrite]).await;
    let before = activity::verify(&scene.engine.vault).unwrap();
    for _ in 0..5 {
        assert_eq!(scene.get("/api/v1/events", &token).await.0, StatusCode::OK);
    }
    assert_eq!(activity::verify(&scene.engine.vault).unwrap(), before + 1);
    scene.post("/api/v1/drafts", &token, &json!({})).await;
    assert_eq!(activity::verify(&scene.engine.vault).unwrap(), before + 2, "another thing that it does");
    assert_eq!(scene.get("/api/v1/referrals/65656565", &token).await.0, StatusCode::FORBIDDEN);
    assert_eq!(activity::verify(&scene.engine.vault).unwrap(), before + 2, "what is refused fills no log");
}

#[tokio::test]
async fn lists_and_heads_are_read_without_opening() {
    let scene = Scene::new().await;
    let token = scene.token(&[Scope::MetaRead]).await;
    for number in 1..=3 {
        scene.put(&thread(number, "received")).await;
    }
    let (status, rows) = scene.get("/api/v1/referrals?view=needs_answer&limit=2", &token).await;
    assert_eq!((status, rows["referrals"].as_array().map(Vec::len)), (StatusCode::OK, Some(2)), "{rows}");
    let next = rows["next"].as_str().unwrap();
    let (_, rest) = scene.get(&format!("/api/v1/referrals?limit=2&after={next}"), &token).await;
    assert_eq!((rest["referrals"].as_array().map(Vec::len), &rest["next"]), (Some(1), &Value::Null));
    assert_eq!(scene.get("/api/v1/referrals?after=00", &token).await.0, StatusCode::CONFLICT);
    assert_eq!(scene.get("/api/v1/referrals?view=gone", &token).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let number = hex::encode([101; 32]);
    let (status, meta) = scene.get(&format!("/api/v1/referrals/{number}/meta"), &token).await;
    assert_eq!((status, &meta["id"], &meta["work"]), (StatusCode::OK, &json!(number), &json!("received")));
    assert!(meta["possible"].as_array().unwrap().contains(&json!("accept")));
    assert!(meta.get("sections").is_none());
    assert_eq!(records::thread(&scene.engine.vault, &[1; 32]).unwrap().unwrap().work, "received");
    for wrong in ["00000000", "--help", "%2e%2e%2f"] {
        let (status, problem) = scene.get(&format!("/api/v1/referrals/{wrong}/meta"), &token).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::NOT_FOUND, Some("C-104")), "{wrong}");
    }
}

#[tokio::test]
async fn a_problem_is_said_in_the_language_of_whoever_asks() {
    let scene = Scene::new().await;
    let mut asked = request("GET", "/api/v1/events", None, None);
    asked.headers_mut().insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static("ru-RU,ru;q=0.9"));
    let response = scene.router.clone().oneshot(asked).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
    let bytes = to_bytes(response.into_body(), 1 << 16).await.unwrap();
    let problem: Value = serde_json::from_slice(&bytes).unwrap();
    assert!(problem["message"].as_str().unwrap().contains("токен"), "{problem}");
    assert_eq!((&problem["status"], &problem["title"]), (&json!(401), &json!("Unauthorized")));
}

#[tokio::test]
async fn what_was_sent_is_answered_again_and_another_request_with_its_key_is_refused() {
    let scene = Scene::new().await;
    let token = scene.token(&[Scope::Sending]).await;
    let id = tokens::find(&scene.engine.vault, &token).unwrap().unwrap().id;
    let letter = json!({ "kind": "border-alert", "to": ["nobody"], "document": {} });
    let with_key = |key: &str, body: &Value| {
        let mut request = request("POST", "/api/v1/referrals", Some(&token), Some(body));
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        request
    };
    assert_eq!(
        scene.post("/api/v1/referrals", &token, &letter).await.0,
        StatusCode::UNPROCESSABLE_ENTITY,
        "no key"
    );
    let (status, _) = scene.ask(with_key("k1", &letter)).await;
    assert!(status.is_client_error(), "nobody of this name");
    // As the step that queues it remembers it.
    let once = Once::new(id, "k1", letter.to_string().as_bytes());
    assert_eq!(
        once.known(&scene.engine.vault).unwrap(),
        once::Known::New,
        "what was refused may be tried again"
    );
    let mut changes = Changes::default();
    let packet = json!({ "id": "aa", "to": "bb", "to_name": "Police", "packet_id": "cc", "state": "queued" });
    once.put(&mut changes, "cc", &[packet], scene.engine.now());
    scene.engine.commit(changes).await.unwrap();
    let (first, second) =
        (scene.ask(with_key("k1", &letter)).await, scene.ask(with_key("k1", &letter)).await);
    assert_eq!(first, second);
    assert_eq!((first.0, &first.1["referral"]), (StatusCode::CREATED, &json!("cc")));
    assert!(first.1["packets"][0].get("to_name").is_none(), "numbers only");
    let other = json!({ "kind": "border-alert", "to": ["somebody"], "document": {} });
    let (status, problem) = scene.ask(with_key("k1", &other)).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("J-108")));
    let another = scene.token(&[Scope::Sending]).await;
    let mut request = with_key("k1", &letter);
    let shown = format!("Bearer {}", *another).parse().unwrap();
    request.headers_mut().insert(header::AUTHORIZATION, shown);
    assert_ne!(scene.ask(request).await.0, StatusCode::CREATED, "keys of two programs are two keys");
}

#[tokio::test]
async fn a_draft_is_brought_in_once() {
    let scene = Scene::new().await;
    let token = scene.token(&[Scope::DraftWrite]).await;
    let draft = json!({ "kind": "border-alert", "document": { "where": "Москва" }, "key": "case-1" });
    let (status, kept) = scene.post("/api/v1/drafts", &token, &draft).await;
    assert_eq!((status, &kept["known"]), (StatusCode::CREATED, &json!("new")), "{kept}");
    assert_eq!(scene.post("/api/v1/drafts", &token, &draft).await.0, StatusCode::OK);
    let changed = json!({ "kind": "border-alert", "document": { "where": "Ереван" }, "key": "case-1" });
    let (status, problem) = scene.post("/api/v1/drafts", &token, &changed).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("J-111")));
    assert_eq!(scene.engine.vault.count(Tree::Drafts), 1);
    for wrong in [json!({ "kind": "no-such", "document": {} }), json!({ "kind": "BIA" }), json!([1])] {
        assert!(scene.post("/api/v1/drafts", &token, &wrong).await.0.is_client_error());
    }
    let long = json!({ "kind": "BIA", "document": { "where": "x".repeat(caller::BODY_BYTES_MAX) } });
    assert_eq!(scene.post("/api/v1/drafts", &token, &long).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let mut plain = request("POST", "/api/v1/drafts", Some(&token), Some(&draft));
    plain.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    assert_eq!(scene.ask(plain).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn events_are_waited_for_acknowledged_and_begin_again_where_they_were() {
    let scene = Scene::new().await;
    let token = scene.token(&[Scope::MetaRead]).await;
    let (_, empty) = scene.get("/api/v1/events", &token).await;
    assert_eq!((&empty["events"], &empty["newest"]), (&json!([]), &json!(0)));
    let waiting = scene.get("/api/v1/events?after=0&wait=30", &token);
    let coming = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        scene.put(&thread(1, "received")).await;
    };
    let ((status, body), ()) = tokio::join!(waiting, coming);
    assert_eq!((status, &body["events"][0]["type"]), (StatusCode::OK, &json!("referral.received")), "{body}");
    assert_eq!(body["events"][0]["referral"], json!(hex::encode([101; 32])));
    let acknowledged = json!({ "consumer": "desk", "seq": body["last"] });
    assert_eq!(scene.post("/api/v1/events/ack", &token, &acknowledged).await, (StatusCode::OK, acknowledged));
    scene.put(&thread(1, "accepted")).await;
    let (_, body) = scene.get("/api/v1/events?consumer=desk", &token).await;
    assert_eq!(
        (&body["events"][0]["seq"], &body["last"], &body["missed"]),
        (&json!(2), &json!(2), &json!(false))
    );
    for ahead in ["/api/v1/events?after=9", "/api/v1/events/stream?after=9"] {
        assert_eq!(scene.get(ahead, &token).await.0, StatusCode::CONFLICT, "{ahead}");
    }
    let ahead = json!({ "consumer": "desk", "seq": 9 });
    assert_eq!(scene.post("/api/v1/events/ack", &token, &ahead).await.0, StatusCode::CONFLICT);
    let nameless = json!({ "consumer": "hook:x", "seq": 1 });
    assert_eq!(scene.post("/api/v1/events/ack", &token, &nameless).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn a_token_that_is_taken_away_or_ends_hears_nothing_more() {
    let scene = Scene::new().await;
    for is_revoked in [true, false] {
        let token = scene.token(&[Scope::MetaRead]).await;
        let known = tokens::find(&scene.engine.vault, &token).unwrap().unwrap();
        let newest = events::newest(&scene.engine.vault);
        let path = format!("/api/v1/events?after={newest}&wait=30");
        let waiting = scene.ask(request("GET", &path, Some(&token), None));
        let path = format!("/api/v1/events/stream?after={newest}");
        let streaming = scene.bytes(request("GET", &path, Some(&token), None));
        let ending = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            if is_revoked {
                tokens::revoke(&scene.engine, &known.number()).await.unwrap();
            } else {
                end(&scene, &token, known).await;
            }
            scene.put(&thread(if is_revoked { 1 } else { 2 }, "received")).await;
        };
        let all = async { tokio::join!(waiting, streaming, ending) };
        let all = tokio::time::timeout(Duration::from_secs(10), all).await;
        let ((status, problem), (_, streamed), ()) = all.expect("both end at once");
        let code = if is_revoked { "J-102" } else { "J-103" };
        assert_eq!((status, problem["code"].as_str()), (StatusCode::UNAUTHORIZED, Some(code)));
        assert!(!String::from_utf8_lossy(&streamed).contains("referral"), "{streamed:?}");
    }
}

/// The time of a token is over now.
async fn end(scene: &Scene, token: &str, mut known: tokens::Token) {
    known.expires = Timestamp(1);
    let mut changes = Changes::default();
    let key = [b"token".as_slice(), &causeway_common::framed::sha256(token.as_bytes()).0].concat();
    records::write(&mut changes, Tree::Programs, &key, &known);
    scene.engine.commit(changes).await.unwrap();
}

#[tokio::test]
async fn whoever_waits_is_told_that_the_home_was_locked() {
    let Scene { _folder, site, engine, router } = Scene::new().await;
    let token = tokens::create(&engine, "desk", &[Scope::MetaRead], 1).await.unwrap().0;
    drop(engine);
    let waiting = router.oneshot(request("GET", "/api/v1/events?wait=30", Some(&token), None));
    let locking = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        site.daemon.lock().await;
    };
    let (response, ()) = tokio::join!(waiting, locking);
    assert_eq!(response.unwrap().status(), StatusCode::LOCKED);
}

#[tokio::test]
async fn a_stream_goes_on_after_the_last_event_that_has_come() {
    use futures_util::StreamExt as _;
    let scene = Scene::new().await;
    let token = scene.token(&[Scope::MetaRead]).await;
    scene.put(&thread(1, "received")).await;
    scene.put(&thread(2, "received")).await;
    let mut asked = request("GET", "/api/v1/events/stream?after=0", Some(&token), None);
    asked.headers_mut().insert("last-event-id", HeaderValue::from_static("1"));
    let response = scene.router.clone().oneshot(asked).await.unwrap();
    let mut body = response.into_body().into_data_stream();
    let first = String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(first.contains("id: 2") && first.contains("event: referral.received"), "{first}");
    scene.put(&thread(2, "accepted")).await;
    let second = String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(second.contains("id: 3") && second.contains("\"state\":\"accepted\""), "{second}");
    assert_eq!(events::newest(&scene.engine.vault), 3);
}

#[tokio::test]
async fn a_program_asks_over_a_socket_of_the_machine() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let scene = Scene::new().await;
    let token = scene.token(&[Scope::MetaRead]).await;
    let path = scene._folder.path().join("api");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let serving = tokio::spawn(axum::serve(listener, scene.router.clone()).into_future());
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    let asked = format!(
        "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        *token
    );
    stream.write_all(asked.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.contains("\"events\":[]"), "{answer}");
    serving.abort();
}

#[tokio::test]
async fn whatever_is_wrong_with_a_request_is_said_in_one_form() {
    let scene = Scene::new().await;
    let token = scene.token(&Scope::ALL).await;
    let draft = json!({ "kind": "border-alert", "document": { "where": "Москва" } });
    let misspelt = json!({ "kind": "border-alert", "document": { "were": "Москва" } });
    for (method, path, body, status, code) in [
        ("DELETE", "/api/v1/events", None, 405, "J-113"),
        ("PUT", "/api/v1/drafts", Some(&draft), 405, "J-113"),
        ("GET", "/api/v1/drafts/1", None, 404, "J-109"),
        ("GET", "/api", None, 404, "J-109"),
        ("GET", "/api/", None, 404, "J-109"),
        ("GET", "/api/v1/events?afer=3", None, 422, "J-106"),
        ("GET", "/api/v1/referrals?lst=sent", None, 422, "J-106"),
        ("GET", "/api/v1/organisations?name=x", None, 422, "J-106"),
        ("POST", "/api/v1/drafts", Some(&misspelt), 422, "J-106"),
    ] {
        let answer = scene.router.clone().oneshot(request(method, path, Some(&token), body)).await.unwrap();
        let head = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        assert_eq!(head("content-type").as_deref(), Some("application/problem+json"), "{method} {path}");
        assert_eq!(head("cache-control").as_deref(), Some("no-store"), "{method} {path}");
        assert_eq!(head("allow").is_some(), status == 405, "{method} {path}");
        let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let problem: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{problem}");
    }
    // The name of a media type is the same in capitals.
    let mut capitals = request("POST", "/api/v1/drafts", Some(&token), Some(&draft));
    let kind = HeaderValue::from_static("Application/JSON; charset=UTF-8");
    capitals.headers_mut().insert(header::CONTENT_TYPE, kind);
    let (status, kept) = scene.ask(capitals).await;
    assert_eq!(status, StatusCode::CREATED, "{kept}");
    assert_eq!(
        scene.router.clone().oneshot(request("GET", "/api/v1/check", None, None)).await.unwrap().headers()["cache-control"],
        "no-store"
    );
}
