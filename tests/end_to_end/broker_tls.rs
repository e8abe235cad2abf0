//! The broker that letters go through, over TLS, where our certificate says who we are; and files that
//! are renewed while we run.

use postbud_testkit::{Authority, RabbitServer};

use crate::settings::{embedded, mail};
use crate::support::{Installation, wait_until};

#[test]
fn the_queue_is_reached_by_certificate_and_renewed_files_need_no_restart() {
    if !RabbitServer::installed() {
        println!("skipped: a broker with TLS needs RabbitMQ; run cargo xtask test");
        return;
    }
    let authority = Authority::new().unwrap();
    let mut broker = RabbitServer::start_tls(&authority).unwrap();
    broker.control(&["add_user", "postbud", "not-by-password"]).unwrap();
    broker.control(&["set_permissions", "postbud", ".*", ".*", ".*"]).unwrap();
    let own = authority.issue("postbud").unwrap();
    let port = broker.tls_port().unwrap();
    let here = Installation::with(&embedded().replace(
        "url = \"embedded\"\n",
        &format!(
            "url = \"amqps://localhost:{port}/?auth_mechanism=external\"\nca_file = \"{}\"\n\
             certificate_file = \"own.pem\"\nkey_file = \"own.key\"\n",
            authority.ca().display()
        ),
    ));
    let missing = here.say(&["queue", "depth"]);
    assert_ne!(missing.code, 0);
    assert!(missing.err.contains("own.pem cannot be read"), "{}", missing.err);
    let renew = |certificate, key| {
        std::fs::copy(certificate, here.path("own.pem")).unwrap();
        std::fs::copy(key, here.path("own.key")).unwrap();
    };
    renew(&own.certificate, &own.key);
    here.write("1.eml", mail("Parkering", "Om parkering ved skolen."));
    here.write("2.eml", mail("Mere parkering", "Om parkering ved stranden."));
    assert_eq!(here.say(&["send", "1.eml"]).code, 0);
    let running = here.run(None);
    here.wait_for("delivered", 1);
    // A certificate that has run out lets nobody in, and its successor does.
    let expired = authority.issue_expired("postbud").unwrap();
    renew(&expired.certificate, &expired.key);
    broker.kill_dash_nine().unwrap();
    broker.restart().unwrap();
    let away = || here.say(&["queue", "depth"]).code != 0;
    wait_until("nobody who comes in", away);
    let doctor = here.say(&["doctor"]);
    assert_eq!(doctor.code, 1, "{}", doctor.out);
    assert!(doctor.out.contains("own.pem"), "{}", doctor.out);
    let own = authority.issue("postbud").unwrap();
    renew(&own.certificate, &own.key);
    let sent = here.say(&["send", "2.eml"]);
    assert_eq!(sent.code, 0, "{}", sent.err);
    here.wait_for("delivered", 2);
    assert_eq!(running.terminate(), 0);
}
