//! Letters from a queue of somebody else's, on a broker that speaks TLS and a virtual host where Postbud may
//! read and nothing else; what else lies on such queues; and certificates that are not accepted.

use bytes::Bytes;
use postbud_pipeline::CertificateFiles;
use postbud_pipeline::ports::{Envelope, Outlet as _};
use postbud_queue::{MailboxQueues, OutletOptions};
use postbud_testkit::{Authority, Issued, RabbitServer, free_port};

use crate::monitoring::figure;
use crate::settings::{STORSKRALD, embedded, mail, memo};
use crate::support::{Installation, wait_until};

const UUID: &str = "5b2ea15d-61fb-4ba9-9366-42f8b194c333";
const PASSWORD: &str = "laes-kun-denne";

/// A broker with the queue `post` on the virtual host `fremmed`, and whoever writes to it.
struct Side {
    authority: Authority,
    broker: RabbitServer,
}

impl Side {
    fn start() -> Option<Self> {
        if !RabbitServer::installed() {
            println!("skipped: a foreign queue needs RabbitMQ; run cargo xtask test");
            return None;
        }
        let authority = Authority::new().unwrap();
        let broker = RabbitServer::start_tls(&authority).unwrap();
        let side = Self { authority, broker };
        side.control(&["add_vhost", "fremmed"]);
        side.control(&["set_permissions", "-p", "fremmed", "guest", ".*", ".*", ".*"]);
        for user in ["leser", "postbud-oces"] {
            side.control(&["add_user", user, PASSWORD]);
            // Nothing to declare, nothing to write, one queue to read.
            side.control(&["set_permissions", "-p", "fremmed", user, "^$", "^$", "^post$"]);
        }
        Some(side)
    }

    fn control(&self, args: &[&str]) {
        self.broker.control(args).unwrap();
    }

    /// Puts these on the queue, as whoever owns it does.
    fn put(&self, bodies: &[Vec<u8>]) {
        let queues = MailboxQueues::new(OutletOptions {
            url: format!("amqp://guest:guest@127.0.0.1:{}/fremmed", self.broker.port()),
            password: None,
            declare: true,
            call_deadline_ms: 60_000,
            certificates: CertificateFiles::default(),
        })
        .unwrap();
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            for (n, body) in bodies.iter().enumerate() {
                let key = format!("f-{n}");
                let body = Bytes::from(body.clone());
                let envelope =
                    Envelope { key, media_type: "application/octet-stream", headers: vec![], body };
                queues.put("post", envelope).await.unwrap();
            }
            queues.close().await;
        });
    }

    /// An installation that reads the queue.
    fn reader(&self, how: &str, others: &str, metrics: u16) -> Installation {
        let port = self.broker.tls_port().unwrap();
        let ca = self.authority.ca();
        let login = match how {
            "password" => format!(
                "url = \"amqps://leser@localhost:{port}/fremmed\"\npassword_file = \"password\"\n"
            ),
            external => {
                format!(
                    "url = \"amqps://localhost:{port}/fremmed?auth_mechanism=external\"\n{external}"
                )
            }
        };
        let here = Installation::with(&format!(
            "{}\n[metrics]\nlisten = \"127.0.0.1:{metrics}\"\n[[intake.queue]]\nqueue = \"post\"\n\
             others = \"{others}\"\nca_file = \"{}\"\n{login}",
            embedded().replace(
                "[delivery]\n",
                "[limits]\nletter_bytes = 1000000\ntext_bytes = 100000\n[delivery]\n"
            ),
            ca.display(),
        ));
        here.write("password", PASSWORD);
        here
    }
}

fn own(issued: &Issued) -> String {
    format!(
        "certificate_file = \"{}\"\nkey_file = \"{}\"\n",
        issued.certificate.display(),
        issued.key.display()
    )
}

const ACCEPTED: &str = "postbud_intake_letters_total{adapter=\"amqp\",result=\"accepted\"}";
const REFUSED: &str = "postbud_intake_letters_total{adapter=\"amqp\",result=\"refused\"}";
const TROUBLE: &str = "postbud_intake_trouble{adapter=\"amqp\"}";

#[test]
fn a_foreign_queue_is_read_over_tls_and_what_is_no_letter_blocks_nothing() {
    let Some(mut side) = Side::start() else { return };
    let event = br#"{"BeskedId":"1","Haendelse":"PostStatus"}"#.to_vec();
    let rubbish = (0..=255).cycle().take(5_000).collect::<Vec<u8>>();
    side.put(&[
        event,
        Vec::new(),
        mail("Parkering", "Om parkering ved skolen.").into_bytes(),
        vec![b'x'; 2_000_000],
        rubbish,
        memo(UUID, "Til kommunen", STORSKRALD).into_bytes(),
    ]);
    let port = free_port().unwrap();
    let here = side.reader("password", "person", port);
    let running = here.run(None);
    here.wait_for("delivered", 2);
    // The event and the rubbish: somebody sees them.
    here.wait_for("review", 2);
    wait_until("figures", || {
        figure(port, ACCEPTED) == Some(4.0) && figure(port, REFUSED) == Some(2.0)
    });
    assert_eq!(figure(port, TROUBLE), Some(0.0));
    let log = running.log();
    for said in ["it is empty", "2000000 bytes long; a letter may have 1000000"] {
        assert!(log.contains(said), "{said}: {log}");
    }
    assert!(!log.contains("storskrald") && !log.contains(PASSWORD), "{log}");
    // The broker dies and comes back; nobody helps.
    side.broker.kill_dash_nine().unwrap();
    wait_until("a way in that says it is in trouble", || figure(port, TROUBLE) == Some(1.0));
    wait_until("no letters can come in this way", || {
        running.log().contains("no letters can come in this way")
    });
    side.broker.restart().unwrap();
    side.put(&[mail("Mere parkering", "Om parkering ved stranden.").into_bytes()]);
    here.wait_for("delivered", 3);
    wait_until("a way in that is well", || figure(port, TROUBLE) == Some(0.0));
    wait_until("letters come in again", || running.log().contains("letters come in again"));
    assert_eq!(running.terminate(), 0);
}

#[test]
fn a_certificate_says_who_we_are_and_a_wrong_one_lets_nobody_in() {
    let Some(side) = Side::start() else { return };
    side.put(&[mail("Parkering", "Om parkering ved skolen.").into_bytes(), b"{}".to_vec()]);
    let good = side.authority.issue("postbud-oces").unwrap();
    let expired = side.authority.issue_expired("udloebet").unwrap();
    let unknown = side.authority.issue("nogen-anden").unwrap();
    // Kept until the end: its files go with it.
    let stranger = Authority::new().unwrap();
    let elsewhere = stranger.issue("postbud-oces").unwrap();
    for wrong in [&expired, &unknown, &elsewhere] {
        let port = free_port().unwrap();
        let here = side.reader(&own(wrong), "refuse", port);
        let running = here.run(None);
        wait_until("a way in that says it is in trouble", || figure(port, TROUBLE) == Some(1.0));
        wait_until("no letters can come in this way", || {
            running.log().contains("no letters can come in this way")
        });
        assert_eq!(here.json(&["letters"])["tally"]["received"], 0);
        assert_eq!(running.terminate(), 0);
    }
    let port = free_port().unwrap();
    let here = side.reader(&own(&good), "refuse", port);
    let running = here.run(None);
    here.wait_for("delivered", 1);
    // `refuse`: what is no letter is not taken.
    wait_until("what is no letter", || figure(port, REFUSED) == Some(1.0));
    assert_eq!(here.json(&["letters"])["tally"]["received"], 1);
    assert_eq!(running.terminate(), 0);
}
