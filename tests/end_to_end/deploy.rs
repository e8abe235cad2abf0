//! What lies in `deploy/`: the broker's definitions and the example configurations.

use std::fs;

use postbud_testkit::RabbitServer;

use crate::settings::{embedded, mail};
use crate::support::Installation;

fn deploy(name: &str) -> String {
    format!("{}/../../deploy/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn letters_pass_a_broker_with_the_shipped_definitions_and_no_right_beyond_the_documented_ones() {
    if std::env::var_os("POSTBUD_TEST_AMQP").is_none() || !RabbitServer::installed() {
        println!("skipped: deploy needs RabbitMQ; run cargo xtask test");
        return;
    }
    let broker = RabbitServer::start().unwrap();
    broker.control(&["import_definitions", &deploy("rabbitmq/definitions.json")]).unwrap();
    broker.control(&["add_user", "postbud", "a-password"]).unwrap();
    let mine = r"^postbud\..*$";
    let write = r"^(postbud\..*|amq\.default)$";
    broker.control(&["set_permissions", "-p", "postbud", "postbud", mine, write, mine]).unwrap();
    let url = format!("amqp://postbud:a-password@127.0.0.1:{}/postbud", broker.port());
    let here =
        Installation::with(&embedded().replace("url = \"embedded\"", &format!("url = \"{url}\"")));
    here.write("a.eml", mail("Storskrald", "Hent mit storskrald, tak."));
    assert_eq!(here.json(&["send", "a.eml"])["sent"], 1);
    let running = here.run(None);
    here.wait_for("delivered", 1);
    assert_eq!(running.terminate(), 0);

    let listed = broker
        .control(&["list_queues", "-p", "postbud", "name", "type", "policy", "--no-table-headers"])
        .unwrap();
    let mut lines: Vec<&str> = listed.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "postbud.dead\tquorum\t",
            "postbud.incoming\tquorum\tpostbud-size",
            "postbud.retry\tquorum\tpostbud-size",
        ]
    );
}

#[test]
fn the_example_configurations_have_no_faults() {
    for name in ["compose/example.toml", "kubernetes/postbud.toml"] {
        let text = fs::read_to_string(deploy(name)).unwrap();
        let here = Installation::empty();
        here.write("password", "a-password");
        let here_text: String = text
            .lines()
            .map(|line| match line.split_once('=') {
                Some((key, _)) if key.trim() == "password_file" => "password_file = \"password\"",
                // Nobody answers there, so the queue is what it stumbles over.
                Some((key, value)) if key.trim() == "url" && value.contains("amqp") => {
                    "url = \"amqp://postbud@127.0.0.1:1/postbud\""
                }
                _ => line,
            })
            .fold(String::new(), |all, line| all + line + "\n");
        here.write("postbud.toml", here_text);
        let said = here.say(&["queue", "depth"]);
        assert_eq!(said.code, 3, "{name}: {}{}", said.out, said.err);
    }
}
