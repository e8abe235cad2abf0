//! What is written is read back, and nothing foreign breaks the reading.

use super::*;
use lapin::types::FieldArray;
use proptest::prelude::*;

fn reread(parcel: &Parcel) -> (Parcel, u32) {
    Parcel::read(&parcel.properties(None), parcel.payload.to_vec())
}

#[test]
fn the_trace_of_a_letter_travels_and_nothing_else_under_its_name() {
    let parcel = Parcel::new(Message { body: Body::Inline(Bytes::new()), id: "sha-1".into() });
    assert_eq!(reread(&parcel.clone().traced(0.0)).0.traceparent, None);
    let traced = parcel.traced(1.0);
    let header = TraceContext::of("sha-1").traceparent(true);
    assert_eq!(reread(&traced).0.traceparent, Some(header));
    let mut foreign = traced;
    for text in ["", "00-x-y-z", "en hemmelighed", "00-ab-cd-01-02"] {
        foreign.traceparent = Some(text.to_owned());
        assert_eq!(reread(&foreign).0.traceparent, None, "{text}");
    }
}

proptest! {
    #[test]
    fn a_parcel_survives_the_way(
        id in "[a-z0-9-]{0,80}",
        payload in prop::collection::vec(any::<u8>(), 0..200),
        attempts in 0u32..1000,
        returned in 0u32..1000,
        reason in prop::option::of("[ -~æøå]{0,300}"),
        at in prop::option::of(0i64..4_000_000_000_000),
        share in 0.0f64..1.0,
    ) {
        let parcel = Parcel {
            id,
            content_type: LETTER.to_owned(),
            payload: payload.into(),
            attempts,
            returned,
            reason,
            given_up_at: at.map(Timestamp),
            traceparent: None,
        };
        let parcel = parcel.traced(share);
        let (back, delivered) = reread(&parcel);
        prop_assert_eq!(back, parcel);
        prop_assert_eq!(delivered, 0);
    }

    #[test]
    fn any_text_can_be_an_id_or_a_reason(id in ".{0,400}", reason in ".{0,2000}") {
        let body = Body::Inline(Bytes::new());
        let mut parcel = Parcel::new(Message { body, id: id.clone() });
        parcel.reason = Some(reason);
        let (back, _) = reread(&parcel);
        prop_assert!(id.starts_with(&back.id));
        let reason = back.reason.unwrap_or_default();
        prop_assert!(reason.len() <= LONGEST_REASON);
        prop_assert!(!reason.contains(char::is_control));
    }

    #[test]
    fn no_stored_body_panics(payload in prop::collection::vec(any::<u8>(), 0..2000)) {
        let properties = BasicProperties::default().with_content_type(STORED.into());
        let (parcel, _) = Parcel::read(&properties, payload);
        let _ = parcel.body();
    }
}

#[test]
fn a_reference_is_told_from_a_letter() {
    let raw_id = "ab".repeat(32);
    let body = Body::Stored(RawId(raw_id.clone()));
    let parcel = Parcel::new(Message { body: body.clone(), id: "x".into() });
    assert_eq!(parcel.payload, format!("{{\"raw_id\":\"{raw_id}\"}}"));
    assert_eq!(reread(&parcel).0.body(), Ok(body));

    let inline = Body::Inline(parcel.payload.clone());
    let letter = Parcel::new(Message { body: inline.clone(), id: String::new() });
    assert_eq!(reread(&letter).0.body(), Ok(inline));
}

#[test]
fn a_foreign_message_is_the_letter_itself() {
    for properties in [
        BasicProperties::default(),
        BasicProperties::default().with_content_type("message/rfc822".into()),
    ] {
        let (parcel, delivered) = Parcel::read(&properties, b"From: a@b\r\n\r\nHej".to_vec());
        assert_eq!(parcel.body(), Ok(Body::Inline(Bytes::from_static(b"From: a@b\r\n\r\nHej"))));
        assert_eq!((parcel.id.as_str(), parcel.attempts, delivered), ("", 0, 0));
    }
}

#[test]
fn a_broken_reference_says_what_is_wrong() {
    let read = |json: &str| {
        let kind = format!("{STORED}; charset=utf-8");
        let properties = BasicProperties::default().with_content_type(kind.as_str().into());
        Parcel::read(&properties, json.as_bytes().to_vec()).0.body()
    };
    assert!(read("{}").is_err_and(|reason| reason.contains("raw_id")));
    assert!(read("{\"raw_id\":\"../etc\"}").is_err_and(|reason| reason.contains("SHA-256")));
    assert!(read(&" ".repeat(1025)).is_err_and(|reason| reason.contains("1024")));
}

#[test]
fn foreign_headers_of_any_type_are_read_within_bounds() {
    let read = |value: AMQPValue| {
        let mut headers = FieldTable::default();
        headers.insert(ATTEMPTS.into(), value.clone());
        headers.insert(DELIVERY_COUNT.into(), value);
        let properties = BasicProperties::default().with_headers(headers);
        let (parcel, delivered) = Parcel::read(&properties, Vec::new());
        assert_eq!(parcel.attempts, delivered);
        delivered
    };
    assert_eq!(read(AMQPValue::LongLongInt(7)), 7);
    assert_eq!(read(AMQPValue::ShortShortUInt(7)), 7);
    assert_eq!(read(AMQPValue::LongLongInt(-7)), 0);
    assert_eq!(read(AMQPValue::LongLongInt(i64::MAX)), u32::MAX);
    assert_eq!(read(AMQPValue::LongString("7".into())), 0);
}

#[test]
fn a_letter_that_the_broker_gave_up_gets_a_reason() {
    let mut death = FieldTable::default();
    death.insert("reason".into(), AMQPValue::LongString("delivery_limit".into()));
    death.insert("time".into(), AMQPValue::Timestamp(1_764_000_000));
    let mut headers = FieldTable::default();
    let deaths = FieldArray::from(vec![AMQPValue::FieldTable(death)]);
    headers.insert(DEATH.into(), AMQPValue::FieldArray(deaths));
    headers.insert(REASON.into(), AMQPValue::LongString("store away".into()));
    let properties = BasicProperties::default().with_headers(headers);
    let (parcel, _) = Parcel::read(&properties, vec![0; 5]);
    let dead = parcel.dead_letter(&properties);
    assert_eq!(
        dead.reason,
        "came back again and again without being settled: it may end the process; \
         before that: store away"
    );
    assert_eq!(dead.at, Some(Timestamp(1_764_000_000_000)));
    assert_eq!(dead.bytes, 5);
}
