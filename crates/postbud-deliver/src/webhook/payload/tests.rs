//! The payload against its description.

use serde_json::Value;

use super::*;
use crate::compose::samples;

const OPENAPI: &str = include_str!("../../../../../docs/webhook.openapi.json");

fn made(raw: &[u8]) -> Value {
    let item = samples::item(raw);
    let letter = samples::read(raw);
    let body = payload(&letter, &item, "o-17", &samples::mailbox(), &samples::settings()).unwrap();
    serde_json::from_slice(&body).unwrap()
}

/// What JSON Schema says that is used in the description: a fault for each thing that does not fit.
fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let found = root.pointer(name.strip_prefix('#').unwrap()).expect("a schema that is there");
        return check(root, found, value, at, faults);
    }
    let fits = match schema["type"].as_str().expect("a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        other => panic!("{other} is not known here"),
    };
    if !fits {
        faults.push(format!("{at} is no {}", schema["type"]));
    }
    if schema["const"] != Value::Null && schema["const"] != *value {
        faults.push(format!("{at} is not {}", schema["const"]));
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        faults.push(format!("{at} is none of its words"));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value[name.as_str().unwrap()].is_null() {
            faults.push(format!("{at}.{name} is missing"));
        }
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        match &schema["properties"][name] {
            Value::Null => faults.push(format!("{at}.{name} is not described")),
            schema => check(root, schema, member, &format!("{at}.{name}"), faults),
        }
    }
    for (n, member) in value.as_array().into_iter().flatten().enumerate() {
        check(root, &schema["items"], member, &format!("{at}[{n}]"), faults);
    }
}

fn faults(value: &Value) -> Vec<String> {
    let root: Value = serde_json::from_str(OPENAPI).unwrap();
    let schema = &root["components"]["schemas"]["Letter"];
    let mut faults = Vec::new();
    check(&root, schema, value, "letter", &mut faults);
    faults
}

#[test]
fn what_is_sent_is_what_is_described() {
    for raw in [samples::MEMO.as_bytes(), samples::MAIL.as_bytes(), b"\0\xff", b""] {
        assert_eq!(faults(&made(raw)), Vec::<String>::new());
    }
    let mut wrong = made(samples::MAIL.as_bytes());
    wrong["version"] = 2.into();
    wrong["more"] = 1.into();
    wrong["sender"]["name"] = 3.into();
    wrong["decision"].as_object_mut().unwrap().remove("reason");
    assert_eq!(faults(&wrong).len(), 4, "{:?}", faults(&wrong));
}

#[test]
fn a_letter_from_digital_post_in_words() {
    let mut value = made(samples::MEMO.as_bytes());
    value["original"]["base64"] = "…".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&value).unwrap());
}

#[test]
fn the_original_is_every_byte() {
    let value = made(samples::MAIL.as_bytes());
    let bytes = STANDARD.decode(value["original"]["base64"].as_str().unwrap()).unwrap();
    assert_eq!(bytes, samples::MAIL.as_bytes());
}
