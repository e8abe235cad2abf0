//! The client of clamd: against one that answers oddly, and against Debian's own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsRawFd;
use std::time::Duration;

use made::clamd::{MARK, SIGNATURE, server};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket,
};
use postbud_extract::clamd::{Address, Answer, Clamd, ClamdError, Options};

fn client(address: Address) -> Clamd {
    Clamd::new(Options { address, time: Duration::from_secs(20), max_bytes: 1 << 20 })
}

/// A clamd that takes a whole stream and says `answer`, for one connection.
fn answering(answer: &'static [u8]) -> Clamd {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let mut buffer = [0; 4096];
        while !seen.ends_with(&[0; 4]) {
            let read = stream.read(&mut buffer).unwrap();
            seen.extend_from_slice(&buffer[..read]);
        }
        assert!(seen.starts_with(b"zINSTREAM\0\0\0\0\x04hej!"));
        stream.write_all(answer).unwrap();
    });
    client(Address::Tcp(address))
}

fn ask(clamd: &Clamd) -> Result<Answer, ClamdError> {
    clamd.check([&b"hej!"[..]])
}

#[test]
fn only_one_answer_means_clean() {
    assert_eq!(ask(&answering(b"stream: OK\0")).unwrap(), Answer::Clean);
    let found = ask(&answering(b"stream: A.B-1<script>\n FOUND\0")).unwrap();
    assert_eq!(found, Answer::Found { signature: "A.B-1script".to_owned() });
    let odd: [&[u8]; 9] = [
        b"stream: OK",
        b"stream: OK\n\0",
        b"OK\0",
        b"stream: ok\0",
        b"stream:  FOUND\0",
        b"stream: OK FOUND OK\0",
        b"UNKNOWN COMMAND\0",
        b"\xff\xfe\0",
        b"\0",
    ];
    for answer in odd {
        let said = ask(&answering(answer));
        assert!(matches!(said, Err(ClamdError::BadAnswer)), "{answer:?}: {said:?}");
    }
    let endless: &'static [u8] = Box::leak(vec![b'a'; 100_000].into_boxed_slice());
    let said = ask(&answering(endless));
    assert!(matches!(said, Err(ClamdError::BadAnswer)), "{said:?}");
}

#[test]
fn what_is_too_large_is_not_clean_and_hides_nothing_in_other_pieces() {
    let limit = b"INSTREAM size limit exceeded. ERROR\0";
    assert!(matches!(ask(&answering(limit)), Err(ClamdError::TooLarge)));
    let large = vec![0; (1 << 20) + 1];
    let nobody = client(Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 1))));
    assert!(matches!(nobody.check([&large[..]]), Err(ClamdError::TooLarge)));
    let finds = answering(b"stream: Eicar FOUND\0");
    let found = finds.check([&large[..], b"hej!"]).unwrap();
    assert_eq!(found, Answer::Found { signature: "Eicar".to_owned() });
    let clean = answering(b"stream: OK\0");
    assert!(matches!(clean.check([&large[..], b"hej!"]), Err(ClamdError::TooLarge)));
}

#[test]
fn one_that_is_gone_or_hangs_up_is_away() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert!(matches!(ask(&client(Address::Tcp(address))), Err(ClamdError::Away(_))));
    let nowhere = client(Address::Unix("/nowhere/clamd.ctl".into()));
    assert!(matches!(ask(&nowhere), Err(ClamdError::Away(_))));
    assert!(matches!(ask(&answering(b"")), Err(ClamdError::Broke(_))));
}

/// One letter is not the scanner: the next ones are asked about.
#[test]
fn one_that_is_late_over_a_letter_and_answers_otherwise_is_not_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::Tcp(listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut begun = [0; 9];
            stream.read_exact(&mut begun).unwrap();
            if &begun == b"zVERSION\0" {
                stream.write_all(b"ClamAV 1.4\0").unwrap();
            }
            kept.push(stream);
        }
    });
    let clamd = Clamd::new(Options { address, time: Duration::from_secs(1), max_bytes: 1 << 20 });
    for _ in 0..2 {
        assert!(matches!(ask(&clamd), Err(ClamdError::Late)));
    }
}

/// The listener takes no connection: the kernel does, and then nobody reads or speaks.
#[test]
fn a_silent_one_costs_its_time_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = Address::Tcp(listener.local_addr().unwrap());
    let time = Duration::from_millis(200);
    let clamd = Clamd::new(Options { address, time, max_bytes: 64 << 20 });
    let large = vec![0; 32 << 20];
    assert!(matches!(clamd.check([&large[..]]), Err(ClamdError::Silent)));
    drop(listener);
    // Asked again it would be away by now: it was not asked.
    assert!(matches!(ask(&clamd), Err(ClamdError::Silent)));
}

#[test]
fn a_full_unix_socket_does_not_keep_us() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clamd.ctl");
    let listener = socket(AddressFamily::Unix, SockType::Stream, SockFlag::empty(), None).unwrap();
    bind(listener.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
    listen(&listener, Backlog::new(0).unwrap()).unwrap();
    // Nobody takes it off the queue, in which there is no room for another.
    let _first = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let time = Duration::from_millis(200);
    let address = Address::Unix(path);
    let said = ask(&Clamd::new(Options { address, time, max_bytes: 1 << 20 }));
    assert!(matches!(said, Err(ClamdError::Silent)), "{said:?}");
}

#[test]
fn debians_clamd_knows_our_mark_over_both_kinds_of_socket() {
    let Some(server) = server() else { return };
    for address in server.addresses() {
        let clamd = client(address);
        assert!(clamd.version().unwrap().starts_with("ClamAV "));
        assert_eq!(clamd.check([&b"Hej kommune"[..], b""]).unwrap(), Answer::Clean);
        let marked = format!("Hej {MARK} kommune");
        let found = clamd.check([&b"Hej"[..], marked.as_bytes()]).unwrap();
        assert_eq!(found, Answer::Found { signature: format!("{SIGNATURE}.UNOFFICIAL") });
        let long = [vec![b'x'; 600_000], MARK.as_bytes().to_vec()].concat();
        assert!(matches!(clamd.check([&long[..]]), Ok(Answer::Found { .. })));
    }
}

#[test]
fn debians_clamd_says_when_a_stream_is_too_long() {
    let Some(server) = server() else { return };
    let address = server.addresses().remove(0);
    let options = Options { address, time: Duration::from_secs(20), max_bytes: 64 << 20 };
    let said = Clamd::new(options).check([&vec![b'x'; 4 << 20][..]]);
    assert!(said.is_err(), "{said:?}");
}
