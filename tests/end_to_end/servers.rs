//! The servers that `cargo xtask test` starts, with a corner of our own in each.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use postbud_testkit::postgres_programs;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A queue prefix and a database that no other test uses.
pub(crate) struct Servers {
    pub(crate) amqp: String,
    pub(crate) prefix: String,
    pub(crate) postgres: String,
}

/// The servers, or `None` after saying that the test is skipped.
pub(crate) fn servers(test: &str) -> Option<Servers> {
    let of = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let (Some(amqp), Some(postgres)) = (of("POSTBUD_TEST_AMQP"), of("POSTBUD_TEST_POSTGRES"))
    else {
        println!("skipped: {test} needs RabbitMQ and PostgreSQL; run cargo xtask test");
        return None;
    };
    let name = format!("e2e_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let psql = postgres_programs().expect("psql, which comes with PostgreSQL").join("psql");
    let create = format!("create database {name}");
    let created = Command::new(psql).args([&postgres, "-q", "-c", &create]).status();
    assert!(created.is_ok_and(|status| status.success()), "a database for this test");
    let (server, _) = postgres.rsplit_once('/').expect("a URL with a database");
    Some(Servers { amqp, prefix: name.clone(), postgres: format!("{server}/{name}") })
}
