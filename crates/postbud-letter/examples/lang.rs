use postbud_letter::language::detect;
fn main() {
    let text = std::fs::read_to_string("/work/shared/letters/letters.jsonl").unwrap();
    let mut counts = std::collections::BTreeMap::new();
    for line in text.lines() {
        let v: serde_json::Value = serde_json::from_str(line).unwrap();
        let body = v["body"].as_str().unwrap();
        let l = detect(body);
        *counts.entry(l.as_str()).or_insert(0) += 1;
        if l.as_str() != "da" && !(l.as_str() == "unknown" && body.chars().count() < 60) {
            println!(
                "{} {} {:?}",
                v["id"],
                l.as_str(),
                body.chars().take(110).collect::<String>()
            );
        }
    }
    println!("{counts:?}");
}
