//! What people give the gateway is kept alike by both databases: once, until its end, and bounded.

#[path = "support/postgres.rs"]
mod postgres;

use postgres::Postgres;
use proofmill_gateway::store::{ApiKey, Held, HeldKind, Session, Store};

async fn keeps(store: &Store) {
    store.put_challenge("n1", "wallet", "message", 100).await.expect("kept");
    let taken = store.take_challenge("n1").await.expect("an answer");
    assert_eq!(taken, Some(("wallet".to_owned(), "message".to_owned(), 100)));
    assert_eq!(store.take_challenge("n1").await.expect("an answer"), None, "once");

    let session = Session { address: "wallet".to_owned(), created_at: 10, expires_at: 20 };
    store.put_session("digest", &session).await.expect("kept");
    assert_eq!(store.session("digest", 19).await.expect("an answer"), Some(session));
    assert_eq!(store.session("digest", 20).await.expect("an answer"), None, "expired");

    let key = |id: &str, expires_at| ApiKey {
        id: id.to_owned(),
        owner: "wallet".to_owned(),
        name: "\u{202e}<b>".to_owned(),
        role: "viewer".to_owned(),
        created_at: 1,
        expires_at,
    };
    assert!(store.put_key(&key("k1", None), "d1").await.expect("kept"));
    assert!(store.put_key(&key("k2", Some(50)), "d2").await.expect("kept"));
    assert_eq!(store.key("d1", i64::MAX).await.expect("an answer"), Some(key("k1", None)));
    assert_eq!(store.key("d2", 50).await.expect("an answer"), None, "expired");
    assert_eq!(store.keys("wallet", Some("k1"), 10).await.expect("a page"), [key("k2", Some(50))]);
    assert!(!store.drop_key("another", "k1").await.expect("an answer"), "another's");
    assert!(store.drop_key("wallet", "k1").await.expect("an answer"));
    for number in 0..proofmill_gateway::limits::KEYS_PER_OWNER_MAX {
        let kept = store.put_key(&key(&format!("m{number}"), None), &format!("e{number}")).await.expect("an answer");
        assert_eq!(kept, number < proofmill_gateway::limits::KEYS_PER_OWNER_MAX - 1);
    }

    for action in ["one", "two", "three"] {
        store.audit(5, "wallet", "session", action, "").await.expect("kept");
    }
    let lines = store.audit_of("wallet", None, 2).await.expect("a page");
    assert_eq!(lines.iter().map(|line| line.action.as_str()).collect::<Vec<_>>(), ["three", "two"]);
    let rest = store.audit_of("wallet", Some(lines[1].sequence), 9).await.expect("a page");
    assert_eq!(rest.len(), 1);

    let mut held = Held {
        job: "job".to_owned(),
        kind: HeldKind::Spec,
        nonce: u64::MAX,
        bytes: 7,
        file: "file".to_owned(),
        delivered_attempt: 0,
        tries: 0,
        next_at: 0,
        error: None,
    };
    store.put_held(&held).await.expect("kept");
    held.error = Some("why".to_owned());
    held.delivered_attempt = 2;
    store.put_held(&held).await.expect("kept");
    assert_eq!(store.held_of("job").await.expect("rows"), std::slice::from_ref(&held));
    store.drop_held("job").await.expect("forgotten");
    assert!(store.all_held().await.expect("rows").is_empty());

    store.bind_network("one").await.expect("bound");
    store.bind_network("one").await.expect("the same");
    assert!(store.bind_network("two").await.is_err(), "another network's index is not mixed in");
    store.sweep(1_000).await.expect("swept");
    assert_eq!(store.session("digest", 0).await.expect("an answer"), None);
}

#[tokio::test]
async fn sqlite_keeps_what_people_give() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("a").display());
    keeps(&Store::connect(&url).await.expect("it opens")).await;
    Store::connect(&url).await.expect("tables that are there are kept");
}

#[tokio::test]
async fn postgres_keeps_what_people_give() {
    let cluster = Postgres::start();
    let url = cluster.database("access");
    let store = Store::connect(&url).await.expect("it opens");
    keeps(&store).await;
    store.close().await;
    let again = Store::connect(&url).await.expect("tables that are there are kept");
    again.close().await;
}
