//! Where `postbud run` connects to: broker, database and targets, and nowhere else. strace sees every
//! attempt, of the process and of all that it starts, also one that fails or asks for a name. The same
//! in a network namespace, where nothing else can be reached, and everything works.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use postbud_testkit::{PostgresServer, RabbitServer, SmtpServer, free_port};

use crate::monitoring::get;
use crate::servers::{Servers, servers};
use crate::settings::{mail, mail_with, production};
use crate::support::{Installation, Running};

const STRACE: &str = "/usr/bin/strace";
const PATIENCE: Duration = Duration::from_secs(5);

/// `postbud run` with everything that it connects to written down in the file `calls`.
fn watched(here: &Installation) -> Running {
    let mut strace = Command::new(STRACE);
    // The process itself is our child, and strace is beside it.
    strace
        .args([
            "-D",
            "-f",
            "-qq",
            "-s",
            "0",
            "-e",
            "trace=connect,sendto,sendmsg,sendmmsg,io_uring_setup",
            "-o",
        ])
        .arg(here.path("calls"))
        .args([env!("CARGO_BIN_EXE_postbud"), "run"])
        .current_dir(here.path(""))
        .env_remove("POSTBUD_FAULT")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    here.start(strace)
}

/// The addresses beyond this machine's own sockets that were asked for, as `address port`.
fn asked_for(calls: &str) -> BTreeSet<String> {
    let between = |line: &str, from: &str, to: char| {
        let (_, rest) = line.split_once(from)?;
        Some(rest.split_once(to)?.0.trim_matches('"').to_owned())
    };
    let internet = calls.lines().filter(|line| line.contains("sa_family=AF_INET"));
    internet
        .map(|line| {
            let port = between(line, "_port=htons(", ')').expect("a port");
            let address = between(line, "inet_addr(", ')')
                .or_else(|| between(line, "inet_pton(AF_INET6, ", ','))
                .expect("an address");
            format!("{address} {port}")
        })
        .collect()
}

fn port_of(url: &str) -> String {
    let (_, rest) = url.split_once("://").unwrap();
    let host = rest.split('/').next().unwrap();
    host.rsplit_once(':').unwrap().1.to_owned()
}

#[test]
fn nothing_is_asked_for_but_broker_database_and_targets() {
    let Some(servers) = servers("outward") else {
        return;
    };
    if !Path::new(STRACE).is_file() {
        println!("skipped: outward needs strace; run cargo xtask test");
        return;
    }
    deliver_and_look(&servers);
}

#[test]
fn in_a_network_of_its_own_everything_works() {
    let apart = |args: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--net", "--"]).args(args).stdin(Stdio::null());
        unshare
    };
    let can = apart(&["ip", "link", "set", "lo", "up"]).status().is_ok_and(|end| end.success());
    if !can || !Path::new(STRACE).is_file() || servers("outward").is_none() {
        println!("skipped: a network namespace needs root, unshare, ip and strace");
        return;
    }
    let this = std::env::current_exe().unwrap();
    let inside = "ip link set lo up && exec \"$0\" --exact outward::within --ignored --nocapture";
    let output = apart(&["sh", "-c", inside, &this.to_string_lossy()]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{why}");
}

/// Servers of its own, since those outside cannot be reached from here.
#[test]
#[ignore = "in_a_network_of_its_own_everything_works starts it where nothing else can be reached"]
fn within() {
    let outside = TcpStream::connect_timeout(&"192.0.2.1:443".parse().unwrap(), PATIENCE);
    assert_eq!(outside.unwrap_err().kind(), ErrorKind::NetworkUnreachable);
    let (rabbit, postgres) = (RabbitServer::start().unwrap(), PostgresServer::start().unwrap());
    deliver_and_look(&Servers {
        amqp: rabbit.url(),
        prefix: "within".to_owned(),
        postgres: postgres.url(),
    });
}

/// Letters that name addresses are delivered, and nobody asks for these.
fn deliver_and_look(servers: &Servers) {
    let smtp = SmtpServer::start().unwrap();
    let metrics = free_port().unwrap();
    let more = format!("[metrics]\nlisten = \"127.0.0.1:{metrics}\"\n");
    let here = Installation::with(&(more + &production(servers, Some(smtp.port()))));
    here.write("in/1.eml", mail("Storskrald", "Hent mit storskrald. Se https://borger.example/x"));
    here.write("in/2.eml", mail("Parkering", "Der mangler parkering ved skolen."));
    let page = b"<html><img src=\"http://192.0.2.7/p.png\"><p>Storskrald ved <a href=\"http://192.0.2.8/\">";
    here.write("in/3.eml", mail_with("Hej", "Storskrald, se bilag.", &[("side.html", page)]));
    assert_eq!(here.json(&["send", "in"])["sent"], 3);

    let running = watched(&here);
    here.wait_for("delivered", 3);
    assert_eq!(get(metrics, "/metrics").0, 200);
    assert_eq!(running.terminate(), 0);

    let calls = fs::read_to_string(here.path("calls")).unwrap();
    let ports = [port_of(&servers.amqp), port_of(&servers.postgres), smtp.port().to_string()];
    let allowed: BTreeSet<String> = ports.iter().map(|port| format!("127.0.0.1 {port}")).collect();
    assert_eq!(asked_for(&calls), allowed, "each of these, and nothing else");
    assert!(!calls.contains("io_uring_setup"), "what goes that way is not seen here");
}

#[test]
fn every_way_to_write_an_address_is_read() {
    let calls = "7 connect(3, {sa_family=AF_UNIX, sun_path=\"/run/x\"}, 110) = 0\n\
        7 connect(9, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr(\"192.0.2.1\")}, 16) = -1\n\
        8 sendto(9, \"\"..., 3, 0, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), \
        inet_pton(AF_INET6, \"2001:db8::1\", &sin6_addr), sin6_scope_id=0}, 28) = 3\n";
    let expected = ["192.0.2.1 53", "2001:db8::1 443"].map(str::to_owned);
    assert_eq!(asked_for(calls), BTreeSet::from(expected));
}
