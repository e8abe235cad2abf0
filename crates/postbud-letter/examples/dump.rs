use postbud_letter::*;
fn main() {
    let mut d = write::Draft::new(
        "L1",
        Channel::DigitalPost,
        "Æ & <ø> \"å\"",
        "Tekst",
        1_793_873_520_000,
    );
    std::fs::write("/tmp/d1.xml", write::to_memo_1_2(&d)).unwrap();
    d.contact_point = None;
    d.subject = "".into();
    std::fs::write("/tmp/d2.xml", write::to_memo_1_2(&d)).unwrap();
    print!("{}", String::from_utf8(write::to_mail(&d)).unwrap());
}
