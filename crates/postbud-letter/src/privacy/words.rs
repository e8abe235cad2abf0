//! Words that stand around names, and words that are none although they begin with a capital letter.

use std::collections::HashSet;
use std::sync::LazyLock;

/// A list of words, all in lower case.
pub(super) type Words = LazyLock<HashSet<&'static str>>;

/// A list written as one text.
macro_rules! words {
    ($text:literal) => {
        std::sync::LazyLock::new(|| $text.split_ascii_whitespace().collect())
    };
}
pub(super) use words;

/// The last word of how people end a letter, before their name.
pub(super) static CLOSINGS: Words = words!(
    "hilsen hilsner hilsenen hils mvh vh kh dbh mh bh hilsning hilsninger hälsning hälsningar \
     hilsener regards wishes sincerely faithfully truly greetings grüßen grüße gruß grüssen \
     knus kram poważaniem pozdrawiam cheers yours saludos cordialement salutations groeten \
     hilsenerne underskrevet undertegnede kærligst venligst"
);

/// What may stand between the end of a letter and a name.
pub(super) static BETWEEN: Words = words!("fra from von familien fam og os for");

/// Before a name that is told: "jeg hedder …".
pub(super) static TELLING: Words = words!(
    "hedder hed hedde kaldes kaldet named called navn navnet heiße heisse imię heter am is \
     navnene"
);

/// People who belong to somebody: "min søn …".
pub(super) static RELATIONS: Words = words!(
    "søn sønnen datter datteren dreng drengen pige pigen barn barnet børnene mor moren \
     moderen far faren faderen mormor morfar farmor farfar mand manden kone konen hustru \
     ægtefælle samlever kæreste kæresten bror broren storebror lillebror søster søsteren \
     storesøster lillesøster tvillingerne tvillinger barnebarn svigermor svigerfar svigersøn \
     svigerdatter moster faster onkel tante nevø niece kusine fætter nabo naboen kollega \
     veninde ven son daughter husband wife brother sister mother father"
);

/// How people are called before their surname, and what they are.
pub(super) static TITLES: Words = words!(
    "hr fru frk frøken mr mrs ms dr doktor herr frau familien familie familjen family pastor \
     advokat læge lægen sagsbehandler sagsbehandleren rådgiver vicevært lærer læreren pædagog \
     leder formand formanden tømrer"
);

/// How letters begin.
pub(super) static GREETINGS: Words = words!(
    "hej hejsa kære kæreste hi hello dear goddag godmorgen hallo hei liebe lieber kjære hola \
     att"
);

/// Between the words of one name or of two people's.
pub(super) static JOINING: Words = words!("og and und von van de der af el al du da bin ibn");

/// Before the name of a place.
pub(super) static PLACING: Words = words!("på i ved om mod nær bag langs omkring in at near");

/// Capital words that are no part of a name.
static NO_NAMES: Words = words!(
    "i jeg vi du han hun den det de dem deres der dette denne disse man en et min mit mine \
     din dit dine vores jeres jer mig dig os hans hendes sin sit hvad hvem hvor hvornår \
     hvordan hvorfor hvilke hvilken hvilket hvis kan kunne vil ville skal skulle må måtte er \
     var bliver har havde får fik og men eller så for fordi da når at om på til fra med uden \
     efter før under over ved af som nu her dér ja nej tak tusind mange forhånd ikke ingen \
     alle alt også bare kun selv hilsen hilsner mvh venlig venlige venligst kærlig kærligst \
     bedste vh kh hej hejsa kære goddag sendt bilag vedhæftet vedr vedrørende sag sagsnr cpr \
     cprnr cpr-nr tlf telefon mobil mail email e-mail født adresse emne svar haster kopi ps \
     nb fx kl ca nr att re sv vs fw fwd kr dkk usd eur ean cvr bbr mitid nemid nemrefusion \
     aula skat danmark dansk danske norge sverige tyskland polen ukraine syrien europa the \
     this that we you he she it they my our your is are was have has do does can could would \
     will please thank thanks thank-you sir madam team hr dear hello hi to from if when what \
     who where how and but or in on best kind yours not no pozdrawiam regards vänligen grüße freundliche ring pt patient hjælp sirs friend mor \
     far farmor mormor morfar farfar medarbejder udbetaling beløb forældrene beboerne tender \
     debitor dagtilbud bogholderi bogholderiet accounts department payable receivable website \
     owner digital findes skoleleder people office borger borgere borgerne mvh."
);

/// Ends of words for what people run together: authorities, houses, firms, days and months.
static NO_NAME_ENDS: Words = words!(
    "kommune kommunen skole skolen skolerne center centret centeret kontor kontoret afdeling \
     afdelingen forvaltning forvaltningen forvaltninger udvalg udvalget rådet huset klub \
     klubben forening foreningen forbund forbundet bibliotek biblioteket service styrelsen \
     styrelse ministeriet nævnet retten mesteren hjemmet dagplejen ningen vuggestue \
     vuggestuen børnehave børnehaven bygningen banken butikken dag januar februar marts april \
     juni juli august september oktober november december"
);

/// Marks of a firm: the words before them are its name.
static FIRMS: Words = words!(
    "aps as ivs is gmbh ltd amba fmba smba kommune maskinservice entreprise byggefirma \
     transport"
);

/// Can a capital word, given in lower case, be part of a name?
pub(super) fn may_be_name(word: &str) -> bool {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    letters > 1 && !NO_NAMES.contains(word) && !FIRMS.contains(word) && !is_institution(word)
}

/// Does the word, in lower case, end as what people run together does, or as a day or month?
pub(super) fn is_institution(word: &str) -> bool {
    NO_NAME_ENDS.iter().any(|end| word.ends_with(end))
}

/// Does the word, in lower case, end as Danish patronymics do?
pub(super) fn is_patronymic(word: &str) -> bool {
    let stem = word.strip_suffix("sen").or_else(|| word.strip_suffix("sens"));
    stem.is_some_and(|stem| stem.chars().count() >= 3 && !COMMON_SEN.contains(word))
}

/// Ordinary words that end as patronymics do.
static COMMON_SEN: Words = words!(
    "klassen kassen messen bussen rejsen pausen prisen krisen diagnosen balancen vaccinen \
     licensen adressen processen kursen rapsen boksen taksen luksen passen basen visen"
);
