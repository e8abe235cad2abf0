use postbud_letter::*;
fn main() {
    for path in std::env::args().skip(1) {
        let raw = std::fs::read(&path).unwrap();
        let l = read(&raw, &Limits::default());
        println!(
            "=== {path}\n{:?} id={} subj={:?}\n from={:?} <{:?}> to={:?} <{:?}> at={:?} mid={:?}",
            l.channel,
            l.id,
            l.subject,
            l.sender.label,
            l.sender.address,
            l.recipient.label,
            l.recipient.address,
            l.sent_at,
            l.message_id
        );
        let show = |s: &str| s.chars().take(600).collect::<String>();
        println!(
            " NEW {:?}\n QUO {:?}",
            show(&l.text.new),
            show(&l.text.quoted)
        );
        for d in &l.documents {
            println!(
                " DOC {:?} {:?} {:?} {} {}",
                d.role,
                d.label,
                d.filename,
                d.media_type,
                d.bytes.len()
            );
        }
        println!(" DEF {:?}", l.defects);
    }
}
