//! The message after DATA: however the bytes are cut into pieces, it ends at the same place; and
//! one that is taken holds no line end that another server reads otherwise.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../../crates/postbud-intake/src/smtp/data.rs"]
mod data;

use data::Data;

fn whole(wire: &[u8]) -> (Vec<u8>, usize, bool, bool) {
    let (mut data, mut out) = (Data::new(), Vec::new());
    let (read, ended) = data.feed(wire, &mut out);
    (out, read, ended, data.fault().is_some())
}

fn byte_by_byte(wire: &[u8]) -> (Vec<u8>, usize, bool, bool) {
    let (mut data, mut out) = (Data::new(), Vec::new());
    let mut read = 0;
    for byte in wire {
        let (taken, ended) = data.feed(&[*byte], &mut out);
        read += taken;
        if ended {
            return (out, read, true, data.fault().is_some());
        }
    }
    (out, read, false, data.fault().is_some())
}

fuzz_target!(|wire: &[u8]| {
    let (out, read, ended, faulty) = whole(wire);
    assert_eq!((out.clone(), read, ended, faulty), byte_by_byte(wire));
    if !ended || faulty {
        return;
    }
    // Sent on as a client does it, dots stuffed, it is the same bytes again.
    let mut again = Vec::new();
    for line in out.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            again.push(b'.');
        }
        again.extend_from_slice(line);
    }
    again.extend_from_slice(b".\r\n");
    assert_eq!(whole(&again), (out.clone(), again.len(), true, false));
    // A CR or LF that stands alone is an end of a line for some servers and not for others.
    for (at, byte) in out.iter().enumerate() {
        match byte {
            b'\r' => assert_eq!(out.get(at + 1), Some(&b'\n'), "a CR alone at {at}"),
            b'\n' => assert!(at > 0 && out[at - 1] == b'\r', "an LF alone at {at}"),
            _ => {}
        }
    }
});
