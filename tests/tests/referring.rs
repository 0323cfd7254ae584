//! A new referral on the staff's pages, from the card to the receipt, as a browser without a script writes it.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::collections::BTreeMap;

use causeway_tests::process::http::{Answer, Pages, Stage, encoded, form};
use causeway_tests::process::sample;
use serde_json::Value;

const TOWN: &[(&str, &str, &str)] =
    &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE"), ("Consulate", "embassy", "RU")];

/// A field of a form as it stands on a page.
struct Input {
    name: String,
    value: String,
    /// A box or a button to choose, and whether it is chosen.
    choice: Option<bool>,
}

/// What a form would send, in its order.
fn inputs(page: &Answer) -> Vec<Input> {
    let form =
        page.body.split("<form class=\"form sheet\"").nth(1).unwrap_or_else(|| panic!("{}", page.body));
    let form = form.split("</form>").next().unwrap();
    let mut found = Vec::new();
    for tag in form.split('<').skip(1) {
        let (head, text) = tag.split_once('>').unwrap_or((tag, ""));
        let attribute = |name: &str| {
            let rest = head.split(&format!(" {name}=\"")).nth(1)?;
            Some(unescaped(rest.split('"').next().unwrap()))
        };
        match head.split([' ', '\n']).next().unwrap() {
            "input" => {
                let kind = attribute("type").unwrap();
                let choice =
                    ["checkbox", "radio"].contains(&kind.as_str()).then(|| head.contains(" checked"));
                let (name, value) = (attribute("name").unwrap(), attribute("value").unwrap_or_default());
                found.push(Input { name, value, choice });
            }
            "textarea" => {
                let value = unescaped(text.strip_prefix('\n').unwrap_or(text));
                found.push(Input { name: attribute("name").unwrap(), value, choice: None });
            }
            "select" => {
                found.push(Input { name: attribute("name").unwrap(), value: String::new(), choice: None });
            }
            "option" if head.contains(" selected") => {
                found.last_mut().unwrap().value = attribute("value").unwrap();
            }
            _ => {}
        }
    }
    found
}

fn unescaped(text: &str) -> String {
    ["&#60;<", "&#62;>", "&#34;\"", "&#39;'", "&lt;<", "&gt;>", "&#38;&", "&amp;&"]
        .iter()
        .fold(text.to_owned(), |text, pair| text.replace(&pair[..pair.len() - 1], &pair[pair.len() - 1..]))
}

/// Everything that a sample says, by path; a set of codes under one.
fn flat(value: &Value, at: &str, out: &mut BTreeMap<String, Vec<String>>) {
    match value {
        Value::Object(map) if map.contains_key("text") && map.contains_key("lang") => {
            flat(&map["text"], at, out);
        }
        Value::Object(map) if map.contains_key("nil") => {
            out.insert(format!("{at}.nil"), vec![map["nil"].as_str().unwrap().to_owned()]);
        }
        Value::Object(map) => {
            for (name, value) in map {
                flat(value, &if at.is_empty() { name.clone() } else { format!("{at}.{name}") }, out);
            }
        }
        Value::Array(list) => {
            for (n, value) in list.iter().enumerate() {
                flat(value, &format!("{at}[{n}]"), out);
                if let Some(code) = value.as_str() {
                    out.entry(at.to_owned()).or_default().push(code.to_owned());
                }
            }
        }
        Value::String(text) => drop(out.insert(at.to_owned(), vec![text.clone()])),
        Value::Null => {}
        other => drop(out.insert(at.to_owned(), vec![other.to_string()])),
    }
}

/// Whoever writes a referral on the pages.
struct Writer<'a> {
    pages: &'a mut Pages,
    draft: String,
}

impl<'a> Writer<'a> {
    fn begin(pages: &'a mut Pages, kind: &str) -> Self {
        assert!(pages.get("/new").body.contains(&format!("value=\"{kind}\"")));
        let begun = pages.post("/new", &[("kind", kind)]);
        assert_eq!(begun.status, 303, "{}", begun.body);
        let draft = begun.location().to_owned();
        Self { pages, draft }
    }

    fn parts(&mut self) -> Vec<String> {
        let page = self.pages.get(&self.draft);
        let begins = format!("<a href=\"{}/", self.draft);
        let parts = page.body.split(&begins).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        parts.filter(|part| part.len() == 3).collect()
    }

    fn address(&self, part: &str) -> String {
        format!("{}/{part}", self.draft)
    }

    /// The form of a part, filled in with what is said by path.
    fn filled(&mut self, part: &str, said: &BTreeMap<String, Vec<String>>) -> Vec<(String, String)> {
        let page = self.pages.get(&self.address(part));
        assert_eq!(page.status, 200, "{part}: {}", page.body);
        let mut fields = Vec::new();
        for Input { name, value, choice } in inputs(&page) {
            let values = said.get(&name);
            let is_said = values.is_some_and(|values| values.contains(&value));
            match choice {
                Some(chosen) => {
                    if is_said || (chosen && values.is_none()) {
                        fields.push((name, value));
                    }
                }
                None => {
                    let typed = values.filter(|v| v.len() == 1 && !fields.iter().any(|(n, _)| *n == name));
                    let is_marker = page.body.contains(&format!("type=\"hidden\" name=\"{name}\""));
                    let value = typed.filter(|_| !is_marker).map_or(value, |values| values[0].clone());
                    fields.push((name, value));
                }
            }
        }
        fields
    }

    fn keep(&mut self, part: &str, fields: &[(String, String)], more: &[(&str, &str)]) -> Answer {
        let all: Vec<(&str, &str)> =
            fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).chain(more.iter().copied()).collect();
        let body: Vec<String> =
            all.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let address = self.address(part);
        self.pages.ask("POST", &address, &body.join("&"))
    }

    /// Writes a part whole, adding elements to lists as long as more are said than there is room for.
    fn write(&mut self, part: &str, said: &BTreeMap<String, Vec<String>>) {
        // What a list holds that no form of this part asks for is not tried twice.
        let mut tried: Vec<String> = Vec::new();
        for _ in 0..40 {
            let fields = self.filled(part, said);
            let page = self.pages.get(&self.address(part));
            let lists = page.body.split("name=\"more\" value=\"").skip(1);
            let lists: Vec<String> = lists.map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
            let lacking = lists.into_iter().find_map(|list| {
                let room = (0..20).take_while(|n| {
                    let begins = format!("{list}[{n}]");
                    fields.iter().any(|(name, _)| name.starts_with(&begins))
                });
                let begins = format!("{list}[{}]", room.count());
                let is_said = !tried.contains(&begins) && said.keys().any(|path| path.starts_with(&begins));
                is_said.then_some((list, begins))
            });
            let more: Vec<(&str, &str)> = lacking.iter().map(|(list, _)| ("more", list.as_str())).collect();
            let kept = self.keep(part, &fields, &more);
            assert_eq!(kept.status, 303, "{part}: {}", kept.body);
            if let Some((list, begins)) = lacking {
                tried.push(begins);
                // The next form has room for one more; it is asked for where the answer sends the browser.
                let at = kept.location().split('#').next().unwrap().to_owned();
                let page = self.pages.get(&at);
                assert!(page.body.contains(&format!("name=\"{list}[")), "{list}: {}", page.body);
                let filled = self.filled(at.strip_prefix(&format!("{}/", self.draft)).unwrap(), said);
                assert_eq!(self.keep(part, &filled, &[]).status, 303);
            } else if fields == self.filled(part, said) {
                return;
            }
        }
        panic!("{part} never ends");
    }

    fn to(&mut self, name: &str) {
        let at = self.address("to");
        let page = self.pages.get(&at);
        let before = page.body.split(name).next().unwrap();
        let id = before.rsplit("name=\"to\" value=\"").next().unwrap().split('"').next().unwrap().to_owned();
        let revision = inputs(&page).into_iter().find(|input| input.name == "revision").unwrap().value;
        let chosen = self.pages.post(&at, &[("revision", &revision), ("to", &id), ("go", "next")]);
        assert_eq!(chosen.location(), self.draft, "{}", chosen.body);
    }

    /// Sends what stands there, with a button that is pressed three times.
    fn send(&mut self) -> Answer {
        let at = self.address("check");
        let page = self.pages.get(&at);
        let revision = page.body.split("name=\"revision\" value=\"").nth(1);
        let revision =
            revision.unwrap_or_else(|| panic!("not ready: {}", page.body)).split('"').next().unwrap();
        let form = form(&[("revision", revision)]);
        let clicks: Vec<_> =
            (0..3).map(|_| std::thread::spawn(self.pages.asking("POST", &at, &form))).collect();
        let mut sent: Vec<Answer> = clicks.into_iter().map(|click| click.join().unwrap()).collect();
        assert!(sent.iter().all(|answer| answer.location() == sent[0].location()), "one referral");
        sent.remove(0)
    }
}

fn said(file: &str) -> BTreeMap<String, Vec<String>> {
    let text = std::fs::read_to_string(sample(file)).unwrap();
    let mut said = BTreeMap::new();
    flat(&serde_json::from_str(&text).unwrap(), "", &mut said);
    said
}

/// Each kind: its sample, who gets it, something that must arrive there.
const KINDS: [(&str, usize, &str); 4] = [
    ("missing-person", 1, "Щербацкая"),
    ("border-alert", 1, "persons[1].names[0].full"),
    ("victim-handoff", 1, "Rusnac"),
    ("identity-check", 2, "Подъячева"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_written_from_the_card_to_the_receipt_and_arrives_as_it_was_typed() {
    let stage = Stage::set(TOWN).await;
    let mut pages = Pages::entered(&stage.town.orgs[0]).await;
    pages.until("/board", "Connected").await;
    for (kind, to, wanted) in KINDS {
        let said = said(&format!("{kind}.json"));
        let wanted = said.get(wanted).map_or_else(|| wanted.to_owned(), |values| values[0].clone());
        let recipient = &stage.town.orgs[to];
        let mut writer = Writer::begin(&mut pages, kind);
        let early = writer.pages.get(&writer.address("check"));
        assert!(!early.body.contains("name=\"exercise\""), "{kind}: what is incomplete is not sent");
        assert!(early.body.contains(&format!("href=\"{}/to\"", writer.draft)), "{}", early.body);
        writer.to(&recipient.name);
        let parts = writer.parts();
        assert!(parts.len() > 4, "{parts:?}");
        for lang in ["en", "ru"] {
            writer.pages.post("/language", &[("lang", lang), ("back", "/")]);
            for part in parts.iter().map(String::as_str).chain(["to", "check", "delete"]) {
                is_small_and_private(writer.pages, &writer.address(part));
            }
        }
        for part in &parts {
            writer.write(part, &said);
        }
        let answers = writer.pages.get(&writer.address("check"));
        assert!(answers.body.contains("name=\"exercise\""), "{kind} lacks something: {}", errors(&answers));
        assert!(answers.body.contains(&wanted) && answers.body.contains(&recipient.name), "{kind}");
        is_small_and_private(writer.pages, &writer.address("check"));
        let sent = writer.send();
        assert_eq!(sent.status, 303, "{kind}: {}", errors(&sent));
        let receipt = sent.location().to_owned();
        assert!(receipt.starts_with("/receipt/"), "{receipt}");
        is_small_and_private(&mut pages, &receipt);
        let page = pages.get(&receipt);
        assert!(page.body.contains("/print/") && page.body.contains(&recipient.name), "{}", page.body);
        assert_eq!(pages.get("/drafts").body.matches("/draft/").count(), 0, "it is no draft any more");
        let item = page.link("/item/").replace("/item/", "");
        pages.until(&format!("/item/{item}"), "<span").await;
        arrives(&stage, to, kind, &wanted).await;
    }
    assert_eq!(pages.get("/sent").body.matches("href=\"/item/").count(), KINDS.len());
}

async fn arrives(stage: &Stage, to: usize, kind: &str, wanted: &str) {
    let recipient = &stage.town.orgs[to];
    for _ in 0..40 {
        recipient.run(&["sync"]).await;
        for entry in recipient.list(&["inbox", "list"]).await {
            let shown = recipient.run(&["inbox", "show", entry["id"].as_str().unwrap()]).await;
            if shown.to_string().contains(wanted) {
                return;
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    panic!("{kind} has not arrived with {wanted:?}");
}

fn errors(page: &Answer) -> String {
    let part = page.body.split("class=\"errors\"").nth(1).unwrap_or("");
    part.split("</div>").next().unwrap().to_owned()
}

fn is_small_and_private(pages: &mut Pages, path: &str) {
    let page = pages.get(path);
    assert_eq!(page.status, 200, "{path}: {}", page.body);
    assert!(page.body.len() <= 60 * 1024, "{path} has {} bytes", page.body.len());
    assert!(!page.body.contains("style=") && !page.body.contains("onclick"), "{path}");
    for place in ["<input", "<textarea"].iter().flat_map(|tag| page.body.split(tag).skip(1)) {
        let tag = place.split('>').next().unwrap();
        let is_text = tag.contains("type=\"text\"") || tag.contains(" rows=");
        let is_kept = tag.contains("autocomplete=\"off\"") && tag.contains("spellcheck=\"false\"");
        assert!(!is_text || is_kept, "{path}: {tag}");
    }
    // No text is missing: its name would stand there.
    for name in [">draft-", ">new-", ">nav-", ">receipt-", "\">list-"] {
        assert!(!page.body.contains(name), "{path}: {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_typed_is_lost_between_two_tabs_to_a_kill_or_to_what_is_wrong() {
    let stage = Stage::set(TOWN).await;
    let hotline = &stage.town.orgs[0];
    let mut pages = Pages::entered(hotline).await;
    let mut writer = Writer::begin(&mut pages, "border-alert");
    let draft = writer.draft.clone();
    let name = "persons[0].names[0].full";
    let mut said = BTreeMap::from([(name.to_owned(), vec!["Дарья <b>Попеску</b>".to_owned()])]);
    let first = writer.filled("idn", &said);
    said.insert(name.to_owned(), vec!["<script>Second</script> tab".to_owned()]);
    let second = writer.filled("idn", &said);
    let kept = writer.keep("idn", &first, &[("autosave", "yes")]);
    assert!(kept.status == 200 && kept.body.contains("Saved at"), "{}", kept.body);
    let refused = writer.keep("idn", &second, &[("autosave", "yes")]);
    assert!(refused.status == 409 && refused.body.contains("open elsewhere"), "{}", refused.body);
    let refused = writer.keep("idn", &second, &[("go", "next")]);
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("open elsewhere"), "{}", refused.body);
    assert!(refused.body.contains("&#60;script&#62;Second") && !refused.body.contains("<script>Second"));
    // What the first tab sends once more changes nothing, and is no quarrel.
    assert_eq!(writer.keep("idn", &first, &[("autosave", "yes")]).status, 200);

    // A kill in the middle of the work: what was said to be saved is there.
    pages.kill().await;
    let mut pages = Pages::entered(hotline).await;
    let mut writer = Writer { pages: &mut pages, draft };
    let page = writer.pages.get(&writer.address("idn"));
    assert!(page.body.contains("&#60;b&#62;Попеску"), "{}", page.body);
    assert!(!writer.pages.get("/drafts").body.contains("Попеску"), "no name in a list");

    // What is wrong is kept, named at its place and in the summary, in the language of the page.
    let wrong = BTreeMap::from([("persons[0].dob".to_owned(), vec!["31.02.2009".to_owned()])]);
    let fields = writer.filled("idn", &wrong);
    let kept = writer.keep("idn", &fields, &[("go", "next")]);
    assert!(kept.location().contains("wrong=yes"), "{}", kept.location());
    let at = kept.location().split('#').next().unwrap().to_owned();
    let page = writer.pages.get(&at);
    assert!(
        page.body.contains("role=\"alert\"") && page.body.contains("href=\"#persons-0-dob\""),
        "{}",
        page.body
    );
    assert!(page.body.contains("id=\"persons-0-dob-error\"") && page.body.contains("aria-invalid=\"true\""));
    assert!(page.body.contains("2009-02-31") && page.body.contains("Попеску"), "what was typed stands there");
    let spoken = writer.filled("idn", &BTreeMap::from([(name.to_owned(), vec!["Ирина".to_owned()])]));
    let kept = writer.keep("idn", &spoken, &[("speak", "ru")]);
    assert!(kept.head.contains("__Host-lang=ru"), "{}", kept.head);
    let page = writer.pages.get(&at);
    assert!(page.body.contains("Ирина") && page.body.contains("<html lang=\"ru\""), "{}", page.body);

    // What is no field of this part is not written, and no address of nobody's makes a page fall over.
    let hostile = [("kind".to_owned(), "MPR".to_owned()), ("callback".to_owned(), "+1".to_owned())];
    let revision = spoken.iter().find(|(name, _)| name == "revision").unwrap().clone();
    writer.keep("idn", &[&hostile[..], &[revision]].concat(), &[]);
    let shown = writer.pages.get(&writer.address("ops"));
    assert!(shown.status == 200 && !shown.body.contains("value=\"+1\""));
    for odd in ["/draft/ffffffff", "/draft/--help", "/draft/x/idn", "/receipt/ffffffffffff", "/receipt/x"] {
        assert_eq!(writer.pages.get(odd).status, 404, "{odd}");
    }
    for odd in ["zzz", "IDN", "..%2f", "idn?more=a%5B%5B&wrong=yes", "idn?more=persons"] {
        assert!(writer.pages.get(&writer.address(odd)).status < 500, "{odd}");
    }
    assert_eq!(writer.pages.post("/new", &[("kind", "../../x")]).status, 404);
    // Sending what somebody has not read is refused, and so is what is incomplete.
    let unread = writer.pages.post(&writer.address("check"), &[("revision", "0000000000000000")]);
    assert_eq!(unread.status, 409, "{}", unread.body);
    let deleted = writer.pages.post(&writer.address("delete"), &[]);
    assert_eq!(deleted.location(), "/drafts");
    assert_eq!(pages.get("/drafts").body.matches("/draft/").count(), 0);
}
