//! A Word document as programs before 2007 wrote it, with no more in it than a reader needs: a
//! compound file ([MS-CFB]) with one stream, whose header ([MS-DOC], FIB) says where the text lies.

/// What ends a chain of sectors, stands for the table of sectors, or is free.
const END: u32 = 0xFFFF_FFFE;
const TABLE: u32 = 0xFFFF_FFFD;
const FREE: u32 = 0xFFFF_FFFF;
const SECTOR: usize = 512;
/// Shorter streams lie in a place of their own, which these do not need.
const STREAM: usize = 4096;
const TEXT_AT: usize = 1024;

/// A document with this text; a paragraph ends with `\r`. Short enough for one small stream.
pub(crate) fn doc(text: &str) -> Vec<u8> {
    let table = std::iter::once(TABLE)
        .chain([END])
        .chain(3..=u32::try_from(STREAM / SECTOR).unwrap() + 1)
        .chain([END])
        .chain(std::iter::repeat(FREE))
        .take(SECTOR / 4)
        .flat_map(u32::to_le_bytes);
    let mut out = head();
    out.extend(table);
    out.extend(entry("Root Entry", 5, 1, END, 0));
    out.extend(entry("WordDocument", 2, FREE, 2, STREAM));
    out.resize(3 * SECTOR, 0);
    out.extend(stream(text));
    out
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    bytes[at..at + what.len()].copy_from_slice(what);
}

fn head() -> Vec<u8> {
    let mut head = vec![0; SECTOR];
    put(&mut head, 0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    let shorts = [0x3e, 3, 0xfffe, 9, 6_u16].map(u16::to_le_bytes).concat();
    put(&mut head, 24, &shorts);
    // One sector of table, the directory in sector 1, the table in sector 0, nothing else.
    let longs = [0, 1, 1, 0, 4096, END, 0, END, 0, 0].map(u32::to_le_bytes).concat();
    put(&mut head, 40, &longs);
    head[80..].fill(0xff);
    head
}

fn entry(name: &str, kind: u8, child: u32, start: u32, size: usize) -> Vec<u8> {
    let name: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    let mut entry = vec![0; 128];
    put(&mut entry, 0, &name);
    put(&mut entry, 64, &u16::try_from(name.len()).unwrap().to_le_bytes());
    entry[66] = kind;
    entry[67] = 1;
    put(&mut entry, 68, &[FREE, FREE, child].map(u32::to_le_bytes).concat());
    put(&mut entry, 116, &start.to_le_bytes());
    put(&mut entry, 120, &(size as u64).to_le_bytes());
    entry
}

fn stream(text: &str) -> Vec<u8> {
    let text: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut stream = vec![0; STREAM];
    // What it is, its version, and that its characters have two bytes.
    put(&mut stream, 0, &[0xa5ec_u16, 0xc1].map(u16::to_le_bytes).concat());
    put(&mut stream, 10, &0x1000_u16.to_le_bytes());
    let ends = [TEXT_AT, TEXT_AT + text.len()].map(|at| u32::try_from(at).unwrap().to_le_bytes());
    put(&mut stream, 24, &ends.concat());
    put(&mut stream, TEXT_AT, &text);
    stream
}
