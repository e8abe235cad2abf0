//! Whatever is done in whatever order, by workers that die, with clocks that are set back and
//! writes that fail, the store agrees with a model in memory: no letter is lost, none has two
//! holders, each has one effect and is in exactly one state, and the counts add up.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod sequence;
mod support;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sequence::{PLACES, Run, command};
use support::Fixture;

/// A table that names the tables whose writes fail; the triggers are what makes them fail.
const FAULTS: &str = "CREATE TABLE faults (place TEXT NOT NULL);";

const SQLITE_TRIGGER: &str = "
    CREATE TRIGGER fault_{table}_{what} BEFORE {what} ON {table}
    WHEN EXISTS (SELECT 1 FROM faults WHERE place = '{table}')
    BEGIN SELECT RAISE(ABORT, 'the disk is full'); END;";

const POSTGRES_FUNCTION: &str = "
    CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF EXISTS (SELECT 1 FROM faults WHERE place = TG_TABLE_NAME) THEN
            RAISE EXCEPTION 'the disk is full' USING ERRCODE = '53100';
        END IF;
        RETURN NEW;
    END $$;";

const POSTGRES_TRIGGER: &str = "
    CREATE TRIGGER fault_{table}_{what} BEFORE {what} ON {table}
    FOR EACH ROW EXECUTE FUNCTION fault();";

async fn install_faults(fixture: &Fixture, trigger: &str, before: &str) {
    fixture.sql(FAULTS).await;
    if !before.is_empty() {
        fixture.sql(before).await;
    }
    for table in PLACES {
        for what in ["INSERT", "UPDATE"] {
            let text = trigger.replace("{table}", table).replace("{what}", what);
            fixture.sql(&text).await;
        }
    }
}

fn check(fixture: impl AsyncFnOnce() -> Option<Fixture>, cases: u32) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(fixture) = runtime.block_on(fixture()) else {
        return;
    };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let commands = prop::collection::vec(command(), 1..80);
    let result = TestRunner::new(config).run(&commands, |commands| {
        runtime.block_on(async {
            let mut run = Run::begin(&fixture).await;
            for command in commands {
                run.step(command).await?;
            }
            run.end().await
        })
    });
    runtime.block_on(fixture.end());
    if let Err(failure) = result {
        panic!("{failure}");
    }
}

#[test]
fn sqlite_agrees_with_the_model() {
    let fixture = async || {
        let fixture = Fixture::sqlite("the model").await?;
        install_faults(&fixture, SQLITE_TRIGGER, "").await;
        Some(fixture)
    };
    check(fixture, 60);
}

#[test]
fn postgres_agrees_with_the_model() {
    let fixture = async || {
        let fixture = Fixture::postgres("the model").await?;
        install_faults(&fixture, POSTGRES_TRIGGER, POSTGRES_FUNCTION).await;
        Some(fixture)
    };
    check(fixture, 40);
}
