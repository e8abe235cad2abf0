//! `[clamd]`.

use std::time::Duration;

use postbud_extract::clamd::{Address, Options};

use super::{loaded, refused};
use crate::config::Clamd;

#[test]
fn nobody_looks_for_malware_unless_an_address_is_said() {
    assert_eq!(loaded("").0.clamd, None);
    assert_eq!(loaded("[clamd]").0.clamd, None);
    let report = refused("[clamd]\nseconds = 5").to_string();
    assert!(report.contains("clamd.address"), "{report}");
}

#[test]
fn both_kinds_of_address_are_read() {
    let said = "[clamd]\naddress = \"tcp:[::1]:3310\"\nseconds = 3\nmax_bytes = 9";
    let address = Address::Tcp("[::1]:3310".parse().unwrap());
    let options = Options { address, time: Duration::from_secs(3), max_bytes: 9 };
    let wait = Duration::from_secs(3600);
    assert_eq!(loaded(said).0.clamd, Some(Clamd { options, wait }));
    let said = "[clamd]\naddress = \"unix:/run/clamav/clamd.ctl\"\nwait_minutes = 0";
    let Clamd { options, wait } = loaded(said).0.clamd.unwrap();
    assert!(wait.is_zero());
    assert_eq!(options.address, Address::Unix("/run/clamav/clamd.ctl".into()));
}

#[test]
fn what_is_no_address_is_refused() {
    for address in ["clamd:3310", "tcp:localhost:3310", "tcp:127.0.0.1", "unix:clamd.ctl", "/run/x"]
    {
        let report = refused(&format!("[clamd]\naddress = \"{address}\"")).to_string();
        assert!(report.contains("no address of clamd"), "{report}");
    }
    let report = refused("[clamd]\naddress = \"tcp:127.0.0.1:1\"\nseconds = 16").to_string();
    assert!(report.contains("from 1 to 15"), "{report}");
}
