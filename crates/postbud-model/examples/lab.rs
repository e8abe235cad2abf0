#![allow(clippy::unwrap_used, missing_docs)]
use postbud_model::*;
use std::time::Instant;
fn figures(conf: &mut Vec<(f64, bool)>, ll: f64) -> [f64; 7] {
    let n = conf.len();
    let acc = conf.iter().filter(|c| c.1).count() as f64 / n as f64;
    conf.sort_by(|a, b| b.0.total_cmp(&a.0));
    let cov = |t: f64| {
        let (mut e, mut best) = (0, 0);
        for (i, c) in conf.iter().enumerate() {
            if !c.1 {
                e += 1;
            }
            if e as f64 <= t * (i + 1) as f64 {
                best = i + 1;
            }
        }
        best as f64 / n as f64
    };
    let mut e = 0.0;
    let mut aurc = 0.0;
    for (i, c) in conf.iter().enumerate() {
        if !c.1 {
            e += 1.0;
        }
        aurc += e / (i + 1) as f64;
    }
    [
        acc,
        ll,
        cov(0.01),
        cov(0.02),
        cov(0.035),
        cov(0.05),
        aurc / n as f64,
    ]
}
fn cv(ex: &[Example<'_>], o: &TrainOptions, name: &str, seeds: u64) {
    let t = Instant::now();
    let mut sum = [0.0; 7];
    for seed in 1..=seeds {
        // outer folds: hash
        let mut order: Vec<usize> = (0..ex.len()).collect();
        order.sort_by_key(|&i| {
            let mut h = (i as u64 + 1)
                .wrapping_mul(0x9E3779B97F4A7C15 ^ seed.wrapping_mul(0xD1B54A32D192ED03));
            h ^= h >> 29;
            h = h.wrapping_mul(0xBF58476D1CE4E5B9);
            (ex[i].label, h ^ (h >> 32))
        });
        let mut conf = Vec::new();
        let mut ll = 0.0;
        for f in 0..5 {
            let tr: Vec<Example<'_>> = order
                .iter()
                .enumerate()
                .filter(|(p, _)| p % 5 != f)
                .map(|(_, &i)| ex[i])
                .collect();
            let te: Vec<Example<'_>> = order
                .iter()
                .enumerate()
                .filter(|(p, _)| p % 5 == f)
                .map(|(_, &i)| ex[i])
                .collect();
            let m = train(&tr, o, &|_| ()).unwrap();
            for e in &te {
                let p = m.predict(e.text);
                let (b, pr) = p.best();
                conf.push((pr, m.labels()[b] == e.label));
                ll -= p.probabilities[m.position(e.label).unwrap()]
                    .max(1e-12)
                    .ln();
            }
        }
        let n = conf.len() as f64;
        let r = figures(&mut conf, ll / n);
        for (s, r) in sum.iter_mut().zip(r) {
            *s += r / seeds as f64;
        }
    }
    println!(
        "{name:34} acc {:.4} ll {:.4} c1 {:.3} c2 {:.3} c3.5 {:.3} c5 {:.3} aurc {:.4} {:?}",
        sum[0],
        sum[1],
        sum[2],
        sum[3],
        sum[4],
        sum[5],
        sum[6],
        t.elapsed()
    );
}
fn main() {
    let file = std::fs::read_to_string("/work/shared/letters/letters.jsonl").unwrap();
    let rows: Vec<serde_json::Value> = file
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let ex: Vec<Example<'_>> = rows
        .iter()
        .map(|r| Example {
            text: Text {
                subject: r["subject"].as_str().unwrap(),
                body: r["body"].as_str().unwrap(),
            },
            label: r["category"].as_str().unwrap(),
            group: None,
        })
        .collect();
    let mut ds: Vec<Description> = Vec::new();
    for l in std::fs::read_to_string("/work/shared/letters/mailboxes.md")
        .unwrap()
        .lines()
    {
        let c: Vec<&str> = l.split('|').map(str::trim).collect();
        if c.len() == 6 && c[1] != "id" && !c[1].starts_with('-') {
            ds.push(Description {
                label: c[1].into(),
                text: format!("{}, {}", c[2], c[3]),
            });
        }
    }
    if std::env::var("NOLEX").is_err() {
        for l in std::fs::read_to_string("/tmp/lab/lex/terms.txt")
            .unwrap()
            .lines()
        {
            let (k, t) = l.split_once(": ").unwrap();
            ds.push(Description {
                label: k.into(),
                text: t.into(),
            });
        }
    }
    let base = TrainOptions {
        descriptions: ds.clone(),
        ..Default::default()
    };
    let t = Instant::now();
    let mut b1 = base.clone();
    b1.features.min_letters = 1;
    let m = train(&ex, &b1, &|_| ()).unwrap();
    let el = t.elapsed();
    let b = m.to_bytes().unwrap();
    let t = Instant::now();
    let m2 = Model::from_bytes(&b).unwrap();
    println!(
        "train {el:?} file {} features {} load {:?} {:?}",
        b.len(),
        m2.features(),
        t.elapsed(),
        m2.info().candidates
    );
    let t = Instant::now();
    for e in &ex {
        std::hint::black_box(m.predict(e.text));
    }
    println!("predict {:?}/letter", t.elapsed() / 1455);
    let go = |name: &str, f: &dyn Fn(&mut TrainOptions)| {
        let t = Instant::now();
        let mut sum = [0.0; 7];
        for seed in 1..=4 {
            let mut o = base.clone();
            o.seed = seed;
            f(&mut o);
            let m = train(&ex, &o, &|_| ()).unwrap();
            let oof = m.out_of_fold();
            let mut conf: Vec<(f64, bool)> = oof
                .records()
                .iter()
                .map(|r| (r.probability, r.correct()))
                .collect();
            let ll = m.info().candidates.iter().map(|c| c.1).fold(9.0, f64::min);
            for (s, r) in sum.iter_mut().zip(figures(&mut conf, ll)) {
                *s += r / 4.0;
            }
        }
        println!(
            "{name:34} acc {:.4} ll {:.4} c1 {:.3} c2 {:.3} c3.5 {:.3} c5 {:.3} aurc {:.4} {:?}",
            sum[0],
            sum[1],
            sum[2],
            sum[3],
            sum[4],
            sum[5],
            sum[6],
            t.elapsed()
        );
    };
    go("base", &|_| ());
    if std::env::args().nth(1).is_some() {
        return;
    }
    go("no descriptions", &|o| o.descriptions.clear());
    for c in [2.0] {
        go(&format!("C {c}"), &|o| o.svm.cost = c);
    }
    go("folds 5", &|o| o.folds = 5);
    go("folds 20", &|o| o.folds = 20);
    let _ = cv;
}
