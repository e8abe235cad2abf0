//! The plots as documents: well formed, whole, and the same every time.

use postbud_evaluate::{Policy, Promise, Records, certify};

use super::*;

fn plots(labels: usize, letters: u32) -> [(&'static str, String); 3] {
    let names: Vec<String> = (0..labels).map(|n| format!("postkasse <{n}> & æøå")).collect();
    let mut records = Records::new(labels).unwrap();
    for n in 0..letters {
        let p = 0.99 - 0.3 * f64::from(n) / f64::from(letters);
        let mut row = vec![(1.0 - p) / (labels - 1) as f64; labels];
        let guess = n as usize % labels;
        row[guess] = p;
        let truth = if n % 9 == 8 { (guess + 1) % labels } else { guess };
        records.push(Some(truth), &row).unwrap();
    }
    let policy = Policy::all(labels);
    let certificate = certify(&records, &policy, Promise::default());
    let report = Report::of(&records, &names, &policy, Some(&certificate));
    draw("prøve/1", &report, &Confusion::of(&records), &names, 0.02)
}

/// Every element that is opened is closed in turn, and attributes have quotes.
fn well_formed(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in text.split('<').skip(1) {
        let (tag, rest) = tag.split_once('>').expect("a tag ends");
        assert!(!rest.contains('>') || open.last() == Some(&"style"), "{rest}");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        let name = tag.split_whitespace().next().unwrap_or_default();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn plots_are_whole_for_few_and_many_mailboxes_and_letters() {
    for (labels, letters) in [(2, 0), (2, 300), (3, 7), (300, 2_000)] {
        for (file, text) in plots(labels, letters) {
            well_formed(&text);
            assert!(
                text.contains("<title id=\"title\">prøve/1") && text.contains("<desc"),
                "{file}"
            );
            assert!(text.contains("prefers-color-scheme:dark") && !text.contains("NaN"), "{file}");
        }
    }
}

#[test]
fn the_curve_and_the_dots_are_drawn_where_they_belong() {
    let [risk, reliability, confusion] = plots(2, 300).map(|(_, text)| text);
    insta::assert_snapshot!(risk);
    assert_eq!(reliability.matches("<circle").count(), 5);
    assert!(confusion.contains("<title>postkasse &lt;0&gt; &amp; æøå → postkasse &lt;1&gt;"));
    assert!(!confusion.contains("udeladt"));
    assert!(plots(50, 300)[2].1.contains("10 postkasser med færre fejl er udeladt"));
}
