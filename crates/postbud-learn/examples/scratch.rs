#![allow(clippy::unwrap_used, missing_docs)]
use postbud_model::{lab, GramOptions, SvmParams, Text};
use std::io::Write;
fn main() {
    let file = std::fs::read_to_string("/work/shared/letters/letters.jsonl").unwrap();
    let rows: Vec<serde_json::Value> = file.lines().map(|l| serde_json::from_str(l).unwrap()).collect::<Vec<serde_json::Value>>().into_iter().filter(|r| std::env::args().nth(1).is_some() || !postbud_learn::held_out(r["id"].as_str().unwrap())).collect();
    let mut names: Vec<String> = rows.iter().map(|r| r["category"].as_str().unwrap().to_owned()).collect();
    let y0 = names.clone(); names.sort(); names.dedup();
    println!("{names:?}");
    let y: Vec<u32> = y0.iter().map(|c| names.binary_search(c).unwrap() as u32).collect();
    let texts: Vec<Text> = rows.iter().map(|r| Text { subject: r["subject"].as_str().unwrap(), body: r["body"].as_str().unwrap() }).collect();
    for (seed, cost, md) in [(1u64,0.3f32,1u32),(2,0.3,2),(3,0.1,1)] {
        let (s, fo) = lab::oof(&texts, &y, names.len(), 5, seed, GramOptions::default(), SvmParams { cost, ..Default::default() }, md);
        let p2 = lab::stage2(&s, &y, &fo, 5, 1.0);
        println!("{} {}", rows.len(), lab::figures(&p2, &y));
        let mut f = std::fs::File::create(format!("/tmp/oof{seed}.csv")).unwrap();
        for (r, t) in y.iter().enumerate() {
            write!(f, "{t}").unwrap();
            for p in p2.row(r) { write!(f, ",{p:.6}").unwrap(); }
            writeln!(f).unwrap();
        }
    }
}
