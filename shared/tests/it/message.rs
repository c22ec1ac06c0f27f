//! Each message of the protocol, pinned by an example: what is written here is what pages and
//! programs out there already speak.

use crate::nfc;
use serde_json::{Value, json};
use shared::{
    ClientMessage, Command, Mirror, ProductId, Reason, RequestId, Said, ServerMessage, Step,
};

const LAMP: &str = r#"{"id":1,"revision":3,"title":"Lamp","description":"","code":"lamp","price":19.99,"status":true,"stock":5,"category":"home","thumbnails":["/a.png"]}"#;

fn pinned(json: &str) -> ServerMessage {
    let message: ServerMessage = serde_json::from_str(json).expect("a message");
    assert_eq!(message.encode(), json);
    message
}

#[test]
fn what_the_server_says() {
    pinned(&format!(
        r#"{{"type":"snapshot","catalog":"c1","revision":3,"products":[{LAMP}],"part":1,"parts":1}}"#
    ));
    pinned(&format!(
        r#"{{"type":"changes","revision":5,"changes":[{{"added":{LAMP}}},{{"updated":{LAMP}}},{{"deleted":1}}]}}"#
    ));
    pinned(r#"{"type":"done","request":7,"revision":5,"id":1}"#);
    pinned(
        r#"{"type":"refused","request":7,"problem":{"code":"invalid","message":"m","fields":[{"field":"price","code":"negative","message":"n"}]}}"#,
    );
    pinned(r#"{"type":"refused","request":null,"problem":{"code":"not_text","message":"m"}}"#);
    pinned(
        r#"{"type":"pulse","revision":5,"count":2,"digest":"00ff00ff00ff00ff","viewers":3,"writable":false}"#,
    );
    pinned(
        r#"{"type":"pulse","revision":5,"count":2,"digest":"00ff00ff00ff00ff","viewers":3,"writable":true,"open":[1,1,7]}"#,
    );
    pinned(r#"{"type":"closing","retry_after_ms":1500}"#);
}

#[test]
fn a_page_says_what_it_has_open() {
    for (frame, open) in [
        (r#"{"type":"open","id":7}"#, Some(ProductId(7))),
        (r#"{"type":"open"}"#, None),
    ] {
        let said = Said::decode(frame).expect("a message");
        assert_eq!(said, Said::Open(open));
        assert_eq!(said.encode(), frame);
    }
    for frame in [
        r#"{"type":"open","id":"x"}"#,
        r#"{"type":"open","id":7,"colour":"red"}"#,
        r#"{"type":"open","request":1}"#,
    ] {
        let wrong = Said::decode(frame).expect_err("a refusal");
        assert_eq!(wrong.1.code(), "malformed", "{frame}");
    }
    let command = r#"{"type":"delete","request":3,"id":1}"#;
    let said = Said::decode(command).expect("a message");
    assert_eq!(Said::decode(&said.encode()), Ok(said.clone()));
    assert!(matches!(said, Said::Command(_)));
    let wrong = Said::decode(r#"{"type":"sing","request":5}"#).expect_err("a refusal");
    assert_eq!(wrong.1.code(), "unknown_message");
}

#[test]
fn what_a_page_says() {
    let draft = json!({"title": "Lamp", "code": "lamp", "price": 1, "stock": 1, "category": "c"});
    let examples = [
        json!({"type": "add", "request": 1, "draft": draft}),
        json!({"type": "update", "request": 2, "id": 1, "patch": {"stock": 4}, "if_revision": 3}),
        json!({"type": "update", "request": 2, "id": 1, "patch": {}}),
        json!({"type": "delete", "request": 3, "id": 1, "if_revision": 3}),
        json!({"type": "delete", "request": 3, "id": 1}),
    ];
    for example in examples {
        let message = ClientMessage::decode(&example.to_string()).expect("a message");
        let encoded: Value = serde_json::from_str(&message.encode()).expect("JSON");
        assert_eq!(encoded, example);
        assert_eq!(message.request.0, example["request"]);
        message.command.check(nfc).expect("a command");
    }
}

#[test]
fn a_command_carries_what_was_asked() {
    let frame = r#"{"type":"delete","request":3,"id":1,"if_revision":9}"#;
    let command = ClientMessage::decode(frame)
        .expect("a message")
        .command
        .check(nfc);
    let Ok(Command::Delete { id, if_revision }) = command else {
        panic!("{command:?}");
    };
    assert_eq!((id.0, if_revision.map(|r| r.0)), (1, Some(9)));
}

#[test]
fn a_frame_that_is_no_message_still_gives_its_request() {
    let told = |frame| match ClientMessage::decode(frame) {
        Err((request, reason)) => (request, reason.code()),
        Ok(message) => panic!("{message:?}"),
    };
    assert_eq!(told("{"), (None, "malformed"));
    assert_eq!(
        told(r#"{"type":"add","request":4}"#),
        (Some(RequestId(4)), "malformed")
    );
    assert_eq!(
        told(r#"{"type":"sing","request":5}"#),
        (Some(RequestId(5)), "unknown_message")
    );
    let twice = r#"{"type":"delete","request":5,"id":1,"colour":"red"}"#;
    let Err((_, Reason::Malformed(why))) = ClientMessage::decode(twice) else {
        panic!("accepted");
    };
    assert!(why.contains("colour"), "the unknown field is named: {why}");
}

#[test]
fn a_mirror_notices_that_it_is_wrong() {
    let mut mirror = Mirror::default();
    let snapshot = format!(
        r#"{{"type":"snapshot","catalog":"c1","revision":3,"products":[{LAMP}],"part":1,"parts":1}}"#
    );
    assert_eq!(mirror.take(pinned(&snapshot)), Step::Replaced);
    let digest = serde_json::to_string(&mirror.catalog().digest()).expect("JSON");
    let pulse = |revision, count, digest: &str| {
        pinned(&format!(
            r#"{{"type":"pulse","revision":{revision},"count":{count},"digest":{digest},"viewers":1,"writable":true}}"#
        ))
    };
    assert_eq!(mirror.take(pulse(3, 1, &digest)), Step::Agreed);
    assert_eq!(mirror.take(pulse(3, 2, &digest)), Step::Disagreed);
    let other = r#""0000000000000001""#;
    assert_eq!(mirror.take(pulse(3, 1, other)), Step::Disagreed);
    assert_eq!(
        mirror.take(pulse(4, 1, other)),
        Step::Agreed,
        "another revision"
    );
}

#[test]
fn a_snapshot_that_was_cut_off_changes_nothing() {
    let mut mirror = Mirror::default();
    let part = |revision, part| {
        pinned(&format!(
            r#"{{"type":"snapshot","catalog":"c1","revision":{revision},"products":[{LAMP}],"part":{part},"parts":2}}"#
        ))
    };
    assert_eq!(mirror.take(part(3, 1)), Step::Loading { part: 1, parts: 2 });
    assert!(mirror.position().is_none());
    mirror.interrupt();
    assert_eq!(mirror.take(part(4, 1)), Step::Loading { part: 1, parts: 2 });
    assert_eq!(mirror.take(part(4, 2)), Step::Replaced);
    assert_eq!(mirror.catalog().len(), 1);
}

#[test]
fn what_is_no_object_is_no_message() {
    for frame in ["[]", "7", "null"] {
        let Err((None, Reason::Malformed(why))) = ClientMessage::decode(frame) else {
            panic!("accepted: {frame}");
        };
        assert!(why.contains("expected a message"), "{why}");
    }
    let twice = r#"{"type":"delete","request":5,"request":5,"id":1}"#;
    assert!(ClientMessage::decode(twice).is_err());
    let without = r#"{"type":"delete","id":1}"#;
    let Err((None, Reason::Malformed(why))) = ClientMessage::decode(without) else {
        panic!("accepted");
    };
    assert!(why.contains("request"), "{why}");
}
