//! OCR of scans and photographs, made here, and how many words of them come out right.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made;

use made::scan::{Picture, page, scanned};
use made::{attached, lines, pdf, worker, zip};
use postbud_extract::{Budget, Reader, Tools};
use postbud_letter::{AttachedText, DocumentTrouble};

const LETTERS: [&[&str]; 3] = [
    &[
        "Klitkøbing Kommune",
        "Borgerservice",
        "",
        "Ansøgning om økonomisk fripladstilskud",
        "",
        "Kære medarbejder",
        "Jeg søger hermed om tilskud til min søns plads i børnehaven Strandløkken.",
        "Min indkomst er blevet lavere, efter at jeg i august gik på deltid, og jeg",
        "kan ikke længere betale den fulde pris. Jeg er enlig forsørger med to børn.",
        "Vedlagt er mine seneste tre lønsedler og årsopgørelsen fra Skattestyrelsen.",
        "Beløbet bedes udbetalt fra den 1. september, da ændringen skete der.",
        "Hvis I mangler oplysninger, træffes jeg bedst efter klokken 15 på hverdage.",
        "Jeg håber på et hurtigt svar, fordi regningen for oktober forfalder snart.",
        "",
        "Med venlig hilsen",
        "Åse Øgaard Kjærsgaard",
    ],
    &[
        "Til Teknik og Miljø",
        "",
        "Klage over støj fra byggepladsen på Æblevænget",
        "",
        "Vi er en række beboere, der nu i seks uger har været udsat for voldsom larm",
        "fra nedramning af pæle. Arbejdet begynder før klokken syv om morgenen, også",
        "om lørdagen, selv om tilladelsen siger mandag til fredag fra syv til sytten.",
        "Rystelserne har givet revner i facaden på tre af husene, og en ældre nabo",
        "har måttet flytte ud i en periode. Entreprenøren svarer ikke på henvendelser.",
        "Vi beder kommunen føre tilsyn, måle støjen og standse arbejdet, indtil",
        "vilkårene bliver overholdt. Vi ønsker også aktindsigt i byggesagen.",
        "",
        "På vegne af grundejerforeningen",
        "Jørgen Søndergård, formand",
    ],
    &[
        "Lægeerklæring til brug for sygedagpengesagen",
        "",
        "Patienten har været under behandling siden februar for følger efter et",
        "trafikuheld. Der er fortsat smerter i nakke og skulder samt søvnbesvær.",
        "Genoptræningen på sygehuset er afsluttet uden væsentlig bedring, og der er",
        "henvist til en specialiseret smerteklinik, hvor ventetiden er fem måneder.",
        "Det vurderes, at arbejdsevnen for tiden er nedsat til omkring ti timer",
        "ugentligt med hyppige pauser og uden løft over fem kilogram. Prognosen er",
        "usikker, men en gradvis øgning af tiden kan forsøges efter nytår.",
        "",
        "Dato og underskrift",
        "Praktiserende læge Bjørn Hæstrup",
    ],
];

/// A reader with every program there is; `None` when there is no OCR or only this test was built.
fn reader(budget: Budget) -> Option<Reader> {
    let worker = worker()?;
    let tools = Tools::find("dan");
    if !tools.ocr() {
        println!("skipped: these are not installed: {:?}", tools.missing());
        return None;
    }
    Some(Reader::new(worker.clone(), budget).unwrap().with_tools(worker, tools))
}

/// Time is not what is tested here, and the machine may be busy.
fn patient() -> Budget {
    let minute = std::time::Duration::from_secs(60);
    Budget { document_time: minute, letter_time: minute * 10, ..Budget::default() }
}

fn read(reader: &Reader, document: Vec<u8>) -> AttachedText {
    attached(reader, vec![document]).remove(0)
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// How many of the words that were written were read, in their order.
fn right(written: &[&str], read: &[&str]) -> usize {
    let mut best = vec![0; read.len() + 1];
    for word in written {
        let mut diagonal = 0;
        for (at, found) in read.iter().enumerate() {
            let above = best[at + 1];
            best[at + 1] = if word == found { diagonal + 1 } else { above.max(best[at]) };
            diagonal = above;
        }
    }
    best[read.len()]
}

/// The share of words that come out right, over all letters.
fn measured(reader: &Reader, name: &str, make: impl Fn(&Picture) -> Vec<u8>) -> f64 {
    let (mut good, mut all) = (0, 0);
    for letter in LETTERS {
        let found = read(reader, make(&page(letter)));
        assert_eq!(found.trouble, None, "{name}");
        let text = letter.join(" ");
        let written = words(&text);
        good += right(&written, &words(&found.text));
        all += written.len();
        for word in written.iter().filter(|word| !found.text.contains(**word)) {
            println!("{name}: {word} was not read");
        }
    }
    println!("{name}: {good} of {all} words right");
    good as f64 / all as f64
}

#[test]
fn nearly_all_words_of_a_scan_are_read() {
    let Some(reader) = reader(patient()) else { return };
    let flat = measured(&reader, "PDF, flat", |page| scanned(&[page]));
    let skewed = measured(&reader, "PDF, skewed 2°", |page| scanned(&[&page.skewed(2.0)]));
    let picture = measured(&reader, "PNG, skewed 2°", |page| page.skewed(-2.0).to_png());
    let side = measured(&reader, "PNG on its side", |page| page.on_its_side().to_png());
    let photo = measured(&reader, "photograph, JPEG", |page| page.photographed().to_jpeg());
    for share in [flat, skewed, picture, side, photo] {
        assert!(share >= 0.98, "{share}");
    }
}

#[test]
fn pages_of_text_and_scans_and_pictures_in_archives_are_read() {
    let Some(reader) = reader(patient()) else { return };
    let scan = page(&["Ansøgning om bostøtte", "Min søn på tyve år har brug for støtte."]);
    let both = [&scan, &scan];
    let two = read(&reader, scanned(&both));
    assert_eq!((two.text.matches("bostøtte").count(), two.pages, two.cut), (2, Some(2), false));
    let archive = read(&reader, zip(&[("a.png", &scan.to_png()), ("b.txt", b"Se billedet.")]));
    assert!(archive.text.starts_with("Se billedet.") && archive.text.contains("tyve år"));
    assert_eq!(archive.trouble, None);
    let text = read(&reader, pdf(&[&lines(&["Ansøgning"])]));
    assert_eq!((text.text.as_str(), text.trouble), ("Ansøgning", None));
}

#[test]
fn more_pages_than_agreed_are_left_and_said_so() {
    let budget = Budget { ocr_pages: 1, ..patient() };
    let Some(reader) = reader(budget) else { return };
    let scan = page(&["Ansøgning om støtte til bolig og flytning", "Kære kommune, jeg søger."]);
    let found = read(&reader, scanned(&[&scan, &scan]));
    assert_eq!((found.text.matches("Ansøgning").count(), found.cut), (1, true));
}

#[test]
fn a_picture_without_text_is_no_text() {
    let Some(reader) = reader(patient()) else { return };
    // Hills and sky, with the noise of a sensor.
    let mut noise = 9_u32;
    let points = (0..800 * 600).map(|at| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (x, y) = (f64::from(at % 800), f64::from(at / 800));
        let hill = 300.0 + 80.0 * (x / 90.0).sin() + 30.0 * (x / 23.0).cos();
        let light = if y > hill { 70.0 + y / 12.0 } else { 230.0 - y / 9.0 };
        (light + f64::from(noise >> 27)) as u8
    });
    let photo = Picture { width: 800, height: 600, points: points.collect() };
    for document in [photo.to_png(), scanned(&[&photo])] {
        let found = read(&reader, document);
        assert_eq!((found.text.as_str(), found.trouble), ("", Some(DocumentTrouble::OnlyPictures)));
    }
}

#[test]
fn a_damaged_picture_is_said_to_be_so_and_one_too_large_is_not_unpacked() {
    let Some(reader) = reader(patient()) else { return };
    let mut broken = page(&["Ansøgning"]).to_png();
    broken.truncate(200);
    assert_eq!(read(&reader, broken).trouble, Some(DocumentTrouble::Broken));
    let huge = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x9c\x40\0\0\x9c\x40\x08\x02\0\0\0".to_vec();
    assert_eq!(read(&reader, huge).trouble, Some(DocumentTrouble::TooLarge));
    let late = Budget { document_time: std::time::Duration::from_millis(300), ..Budget::default() };
    let Some(hurried) = self::reader(late) else { return };
    let scan = page(LETTERS[0]);
    let found = read(&hurried, scanned(&[&scan; 5]));
    assert!(found.trouble == Some(DocumentTrouble::TookTooLong) || found.cut);
}

#[test]
fn without_the_programs_it_is_said() {
    let Some(worker) = worker() else { return };
    let reader = Reader::new(worker.clone(), Budget::default()).unwrap();
    let reader = reader.with_tools(worker, Tools::default());
    let picture = Picture { width: 200, height: 200, points: vec![255; 40_000] };
    assert_eq!(read(&reader, picture.to_png()).trouble, Some(DocumentTrouble::NoOcr));
    assert_eq!(read(&reader, scanned(&[&picture])).trouble, Some(DocumentTrouble::NoOcr));
    // A logo is no page, and there is text beside it.
    let logo = Picture { width: 200, height: 60, points: vec![255; 12_000] };
    assert_eq!(read(&reader, logo.to_png()).trouble, Some(DocumentTrouble::OnlyPictures));
    let archive = zip(&[("a.png", &picture.to_png()), ("b.txt", b"Tekst")]);
    assert_eq!(read(&reader, archive).trouble, None);
    let none = Budget { ocr_pages: 0, ..Budget::default() };
    let Some(worker) = made::worker() else { return };
    let off = Reader::new(worker, none).unwrap();
    assert_eq!(read(&off, picture.to_png()).trouble, Some(DocumentTrouble::OnlyPictures));
}
