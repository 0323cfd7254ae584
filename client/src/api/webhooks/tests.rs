use super::*;

/// The example of the specification's own libraries.
#[test]
fn the_signature_is_the_one_of_standard_webhooks() {
    let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let body = br#"{"test": 2432232314}"#;
    let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body);
    assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn only_https_and_this_machine_are_posted_to() {
    for good in [
        "https://cases.example.org/hook",
        "https://10.0.0.5:8443/",
        "http://127.0.0.1:8080/hook",
        "http://127.9.9.9/",
        "http://[::1]:8080/",
    ] {
        assert!(is_allowed(good), "{good}");
    }
    let long = format!("https://example.org/{}", "x".repeat(URL_BYTES_MAX));
    for bad in [
        "http://cases.example.org/hook",
        "http://localhost:8080/",
        "http://127.0.0.1.example.org/",
        "http://127.0.0.1@example.org/",
        "https://user:word@example.org/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https:///hook",
        "/hook",
        "",
        &long,
    ] {
        assert!(!is_allowed(bad), "{bad}");
    }
    assert!(certificates(b"no certificate").is_none());
}
