//! The parts of `postbud run`, each in a process of its own.

use postbud_testkit::free_port;
use serde_json::Value;

use crate::monitoring::{get, sum};
use crate::settings::{embedded, mail};
use crate::support::{Installation, Running, postbud, wait_until};

/// Every part of `postbud run` has its own page, says only of itself, and tells of ways in.
#[test]
fn every_part_alone_serves_metrics_and_health() {
    let [router, delivery, desk, intake, taken] = [(); 5].map(|()| free_port().unwrap());
    let here = Installation::with(&format!(
        "{}\n[desk]\nlisten = \"127.0.0.1:0\"\n[[intake.folder]]\npath = \"drop\"\n\
         [[intake.imap]]\nhost = \"127.0.0.1\"\nport = {taken}\nuser = \"post\"\n\
         password_file = \"password\"\ntls = \"none\"\n",
        embedded()
    ));
    here.write("password", "hemmelig");
    let part = |name: &str, port: u16| {
        let mut command = postbud(&here.path("."), &["run", name, "--metrics"]);
        command.arg(format!("127.0.0.1:{port}"));
        here.start(command)
    };
    let (routing, delivering) = (part("router", router), part("delivery", delivery));
    let (at_desk, coming_in) = (part("desk", desk), part("intake", intake));
    for port in [router, delivery, desk, intake] {
        wait_until("a part that is ready", || get(port, "/health/ready").0 == 200);
    }
    let (_, ready) = get(desk, "/health/ready");
    let ready: Value = serde_json::from_str(&ready).unwrap();
    assert!(ready["parts"]["queue"].is_null() && ready["parts"]["store"]["up"] == true, "{ready}");
    assert!(!get(desk, "/metrics").1.contains("postbud_up{part=\"queue\"}"));
    here.write("drop/.part", mail("Parkering", "Om parkering ved skolen."));
    std::fs::rename(here.path("drop/.part"), here.path("drop/1.eml")).unwrap();
    let says = |series: &str, least: f64| sum(&get(intake, "/metrics").1, series) >= least;
    wait_until("a letter by the folder", || {
        says("postbud_intake_letters_total{adapter=\"folder\",result=\"accepted\"}", 1.0)
    });
    here.wait_for("delivered", 1);
    let (router, delivery) = (get(router, "/metrics").1, get(delivery, "/metrics").1);
    assert_eq!(sum(&router, "postbud_intake_letters_total"), 0.0);
    assert_eq!(sum(&router, "postbud_deliveries_total"), 0.0);
    assert_eq!(sum(&delivery, "postbud_deliveries_total"), 1.0);
    // Nobody listens where the mailbox should be.
    wait_until("a mailbox that is in trouble", || {
        says("postbud_intake_trouble{adapter=\"imap\"}", 1.0)
            && says("postbud_intake_failures_total{adapter=\"imap\"}", 1.0)
            && says("postbud_intake_lag_seconds{adapter=\"imap\"}", 0.1)
    });
    assert!(says("postbud_up{part=\"queue\"}", 1.0));
    assert!(!says("postbud_intake_trouble{adapter=\"folder\"}", 1.0));
    let ended = [routing, delivering, at_desk, coming_in].map(Running::terminate);
    assert_eq!(ended, [0; 4]);
}
