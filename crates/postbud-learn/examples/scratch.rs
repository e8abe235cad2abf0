#![allow(clippy::unwrap_used, missing_docs)]
use postbud_model::{train, Example, TrainOptions, Text};
use postbud_evaluate::*;
fn main() {
    let file = std::fs::read_to_string("/work/shared/letters/letters.jsonl").unwrap();
    let all: Vec<serde_json::Value> = file.lines().map(|l| serde_json::from_str(l).unwrap()).collect::<Vec<serde_json::Value>>();
    let ex = |r: &'static serde_json::Value| Example { label: r["category"].as_str().unwrap(), group: None, text: Text { subject: r["subject"].as_str().unwrap(), body: r["body"].as_str().unwrap() }};
    let all: &'static Vec<serde_json::Value> = Box::leak(Box::new(all));
    let (held, kept): (Vec<_>, Vec<_>) = all.iter().partition(|r| postbud_learn::held_out(r["id"].as_str().unwrap()));
    let tr: Vec<Example> = kept.iter().map(|r| ex(r)).collect();
    for (seed, folds) in [(1u64,10usize),(2,10),(1,20),(2,20)] {
        let t = std::time::Instant::now();
        let m = train(&tr, &TrainOptions { seed, folds, ..Default::default() }, &|_| ()).unwrap();
        println!("folds {folds} train {:?} {:?}", t.elapsed(), m.info().candidates);
        let oof = m.out_of_fold();
        let k = m.labels().len();
        let mut rec = Records::new(k).unwrap();
        for i in 0..oof.len() { rec.push(Some(oof.record(i).unwrap().truth), &oof.probabilities(i)).unwrap(); }
        let mut hel = Records::new(k).unwrap();
        for r in &held { let e = ex(r); hel.push(m.position(e.label), &m.predict(e.text).probabilities).unwrap(); }
        if seed == 1 { let mut s = String::new(); for (t, row) in rec.iter() { s += &format!("{}", t.unwrap()); for p in row { s += &format!(",{p:.6}"); } s += "\n"; } std::fs::write("/tmp/oof.csv", s).unwrap(); }
        let andet = m.position("andet").unwrap();
        let bf = m.position("boern-familie").unwrap();
        let mut guarded = Policy::without(k, &[andet]); guarded.guarded[bf] = true; guarded.guard_limit = 0.05;
        println!("oof n {} acc {:.4} ll {:.3} ece {:.3} | held n {} acc {:.4} ll {:.3} ece {:.3}", rec.len(), accuracy(&rec), log_loss(&rec), calibration_error(&rec), hel.len(), accuracy(&hel), log_loss(&hel), calibration_error(&hel));
        for policy in [Policy::without(k, &[andet]), guarded, Policy::without(k, &[andet, bf])] {
            for (t, c) in [(0.02, 0.95), (0.05, 0.95), (0.02,0.8), (0.035, 0.95), (0.1,0.95)] {
                let pr = Promise::new(t, c).unwrap();
                let ce = certify(&rec, &policy, pr);
                let ap = apply(&hel, &policy, &ce);
                let sim = simulate(&rec, &policy, pr, SimulateOptions { rounds: 300, ..Default::default() });
                let cu = curve(&rec, &policy, 100000);
                let or = cu.iter().filter(|p| p.error <= t).map(|p| p.coverage).fold(0.0, f64::max);
                println!("  {t} {c}: cov {:.3} ({} err {}) bound {:?} thr {:?} missing {:?} | held cov {:.3} err {:.4} ({}/{}) | oracle {or:.3} | sim broken {:.3} cert {:.2} cov {:.3}", ce.coverage, ce.routed, ce.errors, ce.bound, ce.groups[0].threshold, ce.missing, ap.coverage, ap.error, ap.errors, ap.routed, sim.broken_share, sim.certified_share, sim.mean_coverage);
            }
        }
    }
}
