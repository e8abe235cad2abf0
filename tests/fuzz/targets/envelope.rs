//! A message as any publisher may have made it: its properties and headers, in the broker's own form,
//! and its body. It is read within bounds, and what is read survives being sent on.
#![no_main]

use lapin::protocol::basic::parse_properties;
use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "what makes messages for the application is not used")]
#[path = "../../../crates/postbud-queue/src/envelope.rs"]
mod envelope;

use envelope::Parcel;

fuzz_target!(|message: &[u8]| {
    // As on the wire, the body begins where the properties end.
    let Ok((body, properties)) = parse_properties(message) else { return };
    let (parcel, _) = Parcel::read(&properties, body.to_vec());
    let seen = parcel.body();
    let listed = parcel.clone().dead_letter(&properties);
    assert!(listed.reason.len() <= 2_500, "a reason that no list can show");

    let (sent_on, delivered) = Parcel::read(&parcel.properties(None), body.to_vec());
    assert_eq!(delivered, 0, "what the broker counted is not ours to send on");
    assert_eq!((sent_on.attempts, sent_on.returned), (parcel.attempts, parcel.returned));
    assert_eq!((&sent_on.id, &sent_on.traceparent), (&parcel.id, &parcel.traceparent));
    assert_eq!(sent_on.body(), seen, "another letter after it was sent on");
    assert_eq!(Parcel::read(&sent_on.properties(None), body.to_vec()).0, sent_on);
});
