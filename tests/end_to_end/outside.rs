//! Trouble from outside, over the real binary: for each, what a person sees (a state, a metric, a line in the log),
//! that nothing is lost, and that it ends by itself. docs/intake.md has the table.

use std::fs;
use std::path::Path;

use postbud_testkit::ngdp::{Call, NgdpFault, NgdpServer};
use postbud_testkit::{Authority, Issued, Proxy, Weather, WebhookFault, WebhookServer, free_port};

use crate::clock::Clock;
use crate::monitoring::{Prometheus, figure, get};
use crate::servers::servers;
use crate::settings::{STORSKRALD, embedded, mail, memo, production};
use crate::support::{Installation, Running, postbud, wait_until};

const TOKEN: &str = "c3lzdGVtOmhlbW1lbGln";
const SECRET: &str = "0123456789abcdef0123456789abcdef";
const NO_WAY_IN: &str = "no letters can come in this way";
const AGAIN: &str = "letters come in again";
const TROUBLE: &str = "postbud_intake_trouble{adapter=\"digital-post\"}";
const ASIDE: &str = "postbud_intake_waiting_letters{adapter=\"digital-post\"}";

fn uuid(n: usize) -> String {
    format!("8c2ea15d-61fb-4ba9-9366-{n:012x}")
}

/// What the list of Digital Post calls message `n`.
fn listed(n: usize) -> String {
    format!("aaaaaaaa-0000-4000-8000-{n:012x}")
}

fn put(server: &NgdpServer, n: usize) {
    server.put(&listed(n), memo(&uuid(n), "Til kommunen", STORSKRALD));
}

fn told(running: &Running, text: &str) -> usize {
    running.log().matches(text).count()
}

fn with_metrics(config: &str) -> (String, u16) {
    let port = free_port().unwrap();
    (format!("{config}\n[metrics]\nlisten = \"127.0.0.1:{port}\"\n"), port)
}

/// An installation that asks this Digital Post, with `own.pem`, `own.key` and `ca.pem` in its folder.
fn asks(server: &NgdpServer, own: &Issued, ca: &Path) -> (Installation, u16) {
    let (config, port) = with_metrics(&format!(
        "{}\n[intake.digital_post]\nurl = \"{}\"\ntoken_file = \"token\"\nca_file = \"ca.pem\"\n\
         certificate_file = \"own.pem\"\nkey_file = \"own.key\"\nevery_seconds = 1\n\
         idle_seconds = 1\ndeadline_seconds = 3\n",
        embedded(),
        server.base(),
    ));
    let here = Installation::with(&config);
    here.write("token", TOKEN);
    certificates(&here, own, ca);
    (here, port)
}

fn certificates(here: &Installation, own: &Issued, ca: &Path) {
    here.write("own.pem", fs::read(&own.certificate).unwrap());
    here.write("own.key", fs::read(&own.key).unwrap());
    here.write("ca.pem", fs::read(ca).unwrap());
}

#[test]
fn digital_post_that_answers_nonsense_is_told_and_letters_come_again() {
    let server = NgdpServer::start(TOKEN).unwrap();
    let (here, port) = asks(&server, server.client(), &server.authority().ca());
    let running = here.run(None);
    let faults = [
        (NgdpFault::Status(500, None), "garbage"),
        (NgdpFault::Garbage, "garbage"),
        (NgdpFault::Endless, "broken"),
        (NgdpFault::Status(503, Some(0)), "busy"),
        (NgdpFault::Status(403, None), "refused"),
    ];
    for (n, (fault, word)) in faults.iter().enumerate() {
        server.fail_always(Call::List, "", fault.clone());
        put(&server, n);
        wait_until("a way in that is in trouble", || figure(port, TROUBLE) == Some(1.0));
        wait_until("a line that says so", || told(&running, NO_WAY_IN) == n + 1);
        let log = running.log();
        let last = log.lines().rfind(|line| line.contains(NO_WAY_IN)).unwrap();
        assert!(last.contains(word), "{word}: {last}");
        assert_eq!(server.waiting(), [listed(n)]);
        server.recover();
        here.wait_for("delivered", n + 1);
        wait_until("a way in that is well", || figure(port, TROUBLE) == Some(0.0));
        wait_until("a line that says so", || told(&running, AGAIN) == n + 1);
    }
    wait_until("everything acknowledged", || server.waiting().is_empty());
    assert_eq!((server.receipts().len(), server.trouble().len()), (faults.len(), 0));
    assert!(!running.log().contains(TOKEN));
    assert_eq!(running.terminate(), 0);
}

#[test]
fn a_message_of_digital_post_that_never_ends_keeps_no_other_waiting() {
    let server = NgdpServer::start(TOKEN).unwrap();
    let (here, port) = asks(&server, server.client(), &server.authority().ca());
    for n in 0..3 {
        put(&server, n);
    }
    server.fail_always(Call::Memo, &listed(1), NgdpFault::Endless);
    let running = here.run(None);
    here.wait_for("delivered", 2);
    wait_until("a message that is set aside", || figure(port, ASIDE) == Some(1.0));
    assert_eq!(server.waiting(), [listed(1)]);
    assert!(told(&running, "is set aside") > 0 && running.log().contains(&listed(1)));
    assert_eq!(figure(port, TROUBLE), Some(0.0), "the others come");
    server.recover();
    here.wait_for("delivered", 3);
    wait_until("nothing that is set aside", || figure(port, ASIDE) == Some(0.0));
    assert_eq!(running.terminate(), 0);
}

/// Certificates that are renewed in place are taken up without a restart.
#[test]
fn a_certificate_that_is_not_accepted_is_told_and_its_successor_is_taken_up() {
    let server = NgdpServer::start(TOKEN).unwrap();
    let (good, ca) = (server.client(), server.authority().ca());
    let stranger = Authority::new().unwrap();
    let expired = server.authority().issue_expired("udloebet").unwrap();
    let unknown = stranger.issue("fremmed").unwrap();
    let stranger_ca = stranger.ca();
    let wrong = [(&expired, &ca), (&unknown, &ca), (good, &stranger_ca)];
    let (here, port) = asks(&server, wrong[0].0, wrong[0].1);
    let running = here.run(None);
    for (n, (own, authority)) in wrong.into_iter().enumerate() {
        certificates(&here, own, authority);
        // What is read at a start is read again after a fault.
        server.fail_once(Call::List, NgdpFault::Status(500, None));
        put(&server, n);
        wait_until("a way in that is in trouble", || figure(port, TROUBLE) == Some(1.0));
        let last = || {
            let log = running.log();
            log.lines().rfind(|line| line.contains(NO_WAY_IN)).unwrap_or_default().to_owned()
        };
        // Whoever refuses ours may just hang up; `postbud doctor` knows the dates.
        wait_until("a line that says so", || {
            told(&running, NO_WAY_IN) > told(&running, AGAIN)
                && (last().contains("unreachable") || last().contains("broken"))
        });
        if authority == &stranger_ca {
            assert!(last().contains("ertificate"), "{}", last());
        }
        assert_eq!((server.waiting(), server.fetched(&listed(n))), (vec![listed(n)], 0));
        certificates(&here, good, &ca);
        server.recover();
        here.wait_for("delivered", n + 1);
        wait_until("a way in that is well", || figure(port, TROUBLE) == Some(0.0));
    }
    assert_eq!(running.terminate(), 0);
}

/// An installation whose letters about waste go to this system.
fn hands_over(system: &WebhookServer, more: &str) -> (Installation, u16) {
    let own = "deliver = \"maildir:mailboxes/affald\"";
    let config =
        embedded().replace(own, &format!("deliver = \"webhook:{}\"", system.url())).replace(
            "[delivery]\n",
            "[delivery]\nfirst_retry_seconds = 1\nlongest_retry_seconds = 2\n",
        );
    let (config, port) = with_metrics(&format!(
        "{config}\n[delivery.webhook]\nsecret_file = \"secret\"\ntimeout_seconds = 5\n{more}"
    ));
    let here = Installation::with(&config);
    here.write("secret", SECRET);
    (here, port)
}

#[test]
fn a_webhook_that_answers_with_an_error_page_has_taken_nothing() {
    let system = WebhookServer::start(SECRET.as_bytes()).unwrap();
    system.fail_always(WebhookFault::Page);
    let (here, port) = hands_over(&system, "");
    let config = fs::read_to_string(here.path("postbud.toml")).unwrap();
    here.write("postbud.toml", config.replace("[delivery]\n", "[delivery]\nattempts = 100\n"));
    here.write("a.eml", mail("Sag 1", "Jeg har storskrald."));
    here.json(&["send", "a.eml"]);
    let running = here.run(None);
    let failed = "postbud_deliveries_total{mailbox=\"affald\",result=\"transient\"}";
    wait_until("attempts that failed", || figure(port, failed) >= Some(2.0));
    wait_until("a letter that waits", || {
        figure(port, "postbud_outbox_retrying_letters") == Some(1.0)
    });
    assert!(told(&running, "not delivered") > 0, "{}", running.log());
    assert_eq!((here.count("delivered"), here.count("routed")), (0, 1));
    system.recover();
    here.wait_for("delivered", 1);
    assert_eq!(system.kept().len(), 1);
    wait_until("nothing on its way", || figure(port, "postbud_outbox_letters") == Some(0.0));
    assert_eq!(running.terminate(), 0);
    // Used up: a person gets the letter, and reads why.
    system.fail_always(WebhookFault::Page);
    here.write("postbud.toml", config.replace("[delivery]\n", "[delivery]\nattempts = 2\n"));
    here.write("b.eml", mail("Sag 2", "Jeg har storskrald."));
    here.json(&["send", "b.eml"]);
    let running = here.run(None);
    here.wait_for("review", 1);
    assert_eq!(running.terminate(), 0);
}

#[test]
fn prometheus_is_answered_while_everything_is_down() {
    let Some(mut servers) = servers("everything down") else { return };
    let of = |url: &str| {
        let (_, host) = url.split_once("://").unwrap();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let place = host.split('/').next().unwrap();
        place.rsplit_once(':').unwrap().1.parse::<u16>().unwrap()
    };
    let (broker, database) = (of(&servers.amqp), of(&servers.postgres));
    let proxies = [Proxy::start(broker).unwrap(), Proxy::start(database).unwrap()];
    let through =
        |url: &str, old: u16, new: u16| url.replace(&format!(":{old}"), &format!(":{new}"));
    servers.amqp = through(&servers.amqp, broker, proxies[0].port());
    servers.postgres = through(&servers.postgres, database, proxies[1].port());
    let (config, port) = with_metrics(&production(&servers, None));
    let here = Installation::with(&config);
    let running = here.run(None);
    wait_until("readiness", || get(port, "/health/ready").0 == 200);
    let prometheus = Prometheus::start(&here, port);
    for proxy in &proxies {
        proxy.set(Weather::Silent);
    }
    wait_until("a router that is not ready", || get(port, "/health/ready").0 == 503);
    for part in ["queue", "store"] {
        let up = format!("postbud_up{{part=\"{part}\"}}");
        wait_until("the part that is away", || figure(port, &up) == Some(0.0));
        if let Some(prometheus) = &prometheus {
            let sees = format!("{up} == 0 and on(instance) up == 1");
            wait_until("Prometheus sees it", || {
                prometheus.query(&sees).is_ok_and(|rows| !rows.is_empty())
            });
        }
    }
    assert_eq!(get(port, "/health/live").0, 200);
    wait_until("a line that says so", || {
        let log = running.log();
        log.contains("WARN") || log.contains("ERROR")
    });
    for proxy in &proxies {
        proxy.set(Weather::Clear);
    }
    here.write("a.eml", mail("Parkering", "Der mangler parkering ved skolen."));
    wait_until("readiness again", || get(port, "/health/ready").0 == 200);
    wait_until("a letter that is sent", || here.say(&["send", "a.eml"]).code == 0);
    here.wait_for("delivered", 1);
    drop(prometheus);
    assert_eq!(running.terminate(), 0);
}

#[test]
fn a_clock_that_jumps_is_told_and_keeps_no_letter() {
    let Some(clock) = Clock::find() else { return };
    let system = WebhookServer::start(SECRET.as_bytes()).unwrap();
    let (here, port) =
        hands_over(&system, "[[intake.folder]]\npath = \"drop\"\nevery_seconds = 1\n");
    clock.set(&here, "+0");
    let running = here.start(clock.shown_to(&here, postbud(&here.path(""), &["run"])));
    let drop_in = |name: &str, text: &str| {
        here.write("drop/.new", mail(name, text));
        fs::rename(here.path("drop/.new"), here.path(&format!("drop/{name}.eml"))).unwrap();
    };
    let jumps = |direction: &str| {
        figure(port, &format!("postbud_clock_jumps_total{{direction=\"{direction}\"}}"))
    };
    drop_in("et", "Jeg har storskrald.");
    here.wait_for("delivered", 1);
    // Two days ahead, letters come in and one cannot be handed over.
    system.fail_always(WebhookFault::Page);
    clock.set(&here, "+2d");
    wait_until("a jump forward", || jumps("forward") == Some(1.0));
    drop_in("to", "Jeg har storskrald.");
    drop_in("tre", "Om parkering ved skolen.");
    here.wait_for("delivered", 2);
    wait_until("an attempt that failed", || system.posted().len() > 1);
    // Back: nothing waits for the day after tomorrow.
    clock.set(&here, "+0");
    wait_until("a jump back", || jumps("back") == Some(1.0));
    system.recover();
    here.wait_for("delivered", 3);
    drop_in("fire", "Jeg har storskrald.");
    here.wait_for("delivered", 4);
    assert_eq!(system.kept().len(), 3, "each once");
    assert_eq!(told(&running, "the clock has jumped"), 2);
    assert_eq!(running.terminate(), 0);
}
