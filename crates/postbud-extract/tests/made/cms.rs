//! Signatures and envelopes (CMS, RFC 5652) without anything that could be verified.

/// Makes a field.
pub(crate) type Make = fn(u8, &[u8]) -> Vec<u8>;

/// A field that says its length.
pub(crate) fn field(tag: u8, within: &[u8]) -> Vec<u8> {
    let length = u32::try_from(within.len()).unwrap().to_be_bytes();
    [&[tag, 0x84][..], &length, within].concat()
}

/// A field that only an end mark ends.
pub(crate) fn open_field(tag: u8, within: &[u8]) -> Vec<u8> {
    [&[tag, 0x80][..], within, &[0, 0]].concat()
}

/// A kind of message: 1.2.840.113549.1.7 and this.
fn kind(last: u8) -> Vec<u8> {
    field(6, &[&b"\x2a\x86\x48\x86\xf7\x0d\x01\x07"[..], &[last]].concat())
}

/// A signature of what the field holds, or of something else when there is none.
pub(crate) fn signed(make: Make, held: Option<&[u8]>) -> Vec<u8> {
    let held = held.map(|held| make(0xa0, held)).unwrap_or_default();
    let digests = make(0x31, &make(0x30, &field(6, b"\x60")));
    let parts = [field(2, &[1]), digests, make(0x30, &[kind(1), held].concat())];
    let signed = make(0xa0, &make(0x30, &parts.concat()));
    make(0x30, &[kind(2), signed].concat())
}

/// What only its receiver can decrypt.
pub(crate) fn enveloped() -> Vec<u8> {
    field(0x30, &[kind(3), field(0xa0, b"\x30\0")].concat())
}
