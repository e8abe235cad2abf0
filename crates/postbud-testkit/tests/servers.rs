//! The servers start, answer, survive a signal 9 with their data, and are gone afterwards.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::TcpStream;

use postbud_testkit::{PostgresServer, RabbitServer};

fn reachable(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// Servers are started only where the whole set of server tests is wanted.
fn wanted(name: &str, installed: bool) -> bool {
    if std::env::var_os("POSTBUD_TEST_AMQP").is_none() {
        eprintln!("skipped: POSTBUD_TEST_AMQP is not set (cargo xtask test sets it)");
        return false;
    }
    if !installed {
        eprintln!("skipped: {name} is not installed");
    }
    installed
}

#[test]
fn a_broker_comes_back_after_signal_nine() {
    if !wanted("RabbitMQ", RabbitServer::installed()) {
        return;
    }
    let mut server = RabbitServer::start().unwrap();
    let listing = server.control(&["list_queues", "name"]).unwrap();
    assert!(!listing.contains("incoming"), "a new broker has no queues: {listing}");
    server.kill_dash_nine().unwrap();
    assert!(!reachable(server.port()));
    server.restart().unwrap();
    assert!(reachable(server.port()));
    let port = server.port();
    drop(server);
    assert!(!reachable(port));
}

#[test]
fn a_database_comes_back_after_signal_nine() {
    if !wanted("PostgreSQL", PostgresServer::installed()) {
        return;
    }
    let mut server = PostgresServer::start().unwrap();
    server.create_database("other").unwrap();
    server.kill_dash_nine().unwrap();
    assert!(!reachable(server.port()));
    server.restart().unwrap();
    assert!(server.create_database("other").is_err(), "it was there before");
    let port = server.port();
    drop(server);
    assert!(!reachable(port));
}
