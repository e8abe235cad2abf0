//! Scans and photographs of letters, made here: a page is drawn, then turned, lit and blurred.

use std::io::Write as _;
use std::process::{Command, Stdio};

use lopdf::{Dictionary, Object, Stream, dictionary};

use super::png::png;
use super::{lines, pdf, pdf_document, saved};

/// Points per inch of an office scanner.
const DPI: &str = "200";

/// A picture in shades of grey.
#[derive(Clone)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) points: Vec<u8>,
}

/// The page that these lines make, as it comes out of a printer and lies flat in a scanner.
pub(crate) fn page(text: &[&str]) -> Picture {
    drawn(&pdf(&[&lines(text)]), &["-gray", "-r", DPI]).map(|pgm| from_pgm(&pgm)).unwrap()
}

/// What pdftoppm makes of a PDF.
fn drawn(pdf: &[u8], how: &[&str]) -> Option<Vec<u8>> {
    let mut child = Command::new("pdftoppm")
        .args(how)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(pdf).ok()?;
    Some(child.wait_with_output().ok()?.stdout)
}

fn from_pgm(bytes: &[u8]) -> Picture {
    // P5, width, height, 255, each behind white space, then a byte per point.
    let mut fields = bytes.splitn(4, u8::is_ascii_whitespace);
    let mut number = || {
        let field = std::str::from_utf8(fields.next().unwrap()).unwrap();
        field.parse::<usize>().ok()
    };
    assert_eq!(number(), None, "P5");
    let (width, height) = (number().unwrap(), number().unwrap());
    let points = bytes[bytes.len() - width * height..].to_vec();
    Picture { width, height, points }
}

impl Picture {
    /// The point there, between its neighbours; white outside.
    fn at(&self, x: f64, y: f64) -> f64 {
        let point = |x: f64, y: f64| {
            let inside = x >= 0.0 && y >= 0.0 && x < self.width as f64 && y < self.height as f64;
            if inside {
                f64::from(self.points[y as usize * self.width + x as usize])
            } else {
                255.0
            }
        };
        let (left, top) = (x.floor(), y.floor());
        let (right, down) = (x - left, y - top);
        let above = point(left, top) * (1.0 - right) + point(left + 1.0, top) * right;
        let below = point(left, top + 1.0) * (1.0 - right) + point(left + 1.0, top + 1.0) * right;
        above * (1.0 - down) + below * down
    }

    /// A picture as large as this, each point of it made from the point it says.
    fn redrawn(&self, from: impl Fn(f64, f64) -> (f64, f64, f64)) -> Self {
        let points = (0..self.width * self.height).map(|at| {
            let (x, y) = ((at % self.width) as f64, (at / self.width) as f64);
            let (x, y, light) = from(x, y);
            (self.at(x, y) * light).clamp(0.0, 255.0) as u8
        });
        Self { points: points.collect(), ..*self }
    }

    /// Laid crooked into the scanner.
    pub(crate) fn skewed(&self, degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let (mx, my) = (self.width as f64 / 2.0, self.height as f64 / 2.0);
        self.redrawn(|x, y| {
            let (x, y) = (x - mx, y - my);
            (mx + x * cos + y * sin, my - x * sin + y * cos, 1.0)
        })
    }

    /// On its side, as telephones store what was held upright.
    pub(crate) fn on_its_side(&self) -> Self {
        let (width, height) = (self.height, self.width);
        let points = (0..width * height)
            .map(|at| self.points[(self.height - 1 - at % width) * self.width + at / width]);
        Self { width, height, points: points.collect() }
    }

    /// As a telephone sees it in a kitchen: from below, turned a little, light from one side, not
    /// quite sharp, with the sensor's noise.
    pub(crate) fn photographed(&self) -> Self {
        let (width, height) = (self.width as f64, self.height as f64);
        let seen = self.skewed(1.5).redrawn(|x, y| {
            // The far edge is an eighth shorter.
            let near = 0.875 + 0.125 * y / height;
            let x = width / 2.0 + (x - width / 2.0) / near;
            let light = 0.55 + 0.4 * x / width - 0.1 * y / height;
            (x, y, light)
        });
        let mut noise = 7_u32;
        let points = (0..self.width * self.height).map(|at| {
            let (x, y) = ((at % self.width) as f64, (at / self.width) as f64);
            let blurred = (seen.at(x - 0.6, y)
                + seen.at(x + 0.6, y)
                + seen.at(x, y - 0.6)
                + seen.at(x, y + 0.6))
                / 4.0;
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (blurred + f64::from(noise >> 24) / 16.0 - 8.0).clamp(0.0, 255.0) as u8
        });
        Self { points: points.collect(), ..*self }
    }

    pub(crate) fn to_png(&self) -> Vec<u8> {
        let sides = [self.width, self.height].map(|side| u32::try_from(side).unwrap());
        png(sides.into(), 8, self.points.chunks(self.width))
    }

    /// As telephones store it.
    pub(crate) fn to_jpeg(&self) -> Vec<u8> {
        drawn(&scanned(&[self]), &["-jpeg", "-gray", "-r", DPI]).unwrap()
    }
}

/// A PDF that holds nothing but these pictures, a page each, as scanners make them.
pub(crate) fn scanned(pictures: &[&Picture]) -> Vec<u8> {
    let drawing = b"q 595 0 0 842 0 0 cm /Im1 Do Q";
    let mut pdf = pdf_document(&vec![&drawing[..]; pictures.len()]);
    let pages: Vec<_> = pdf.page_iter().collect();
    for (page, picture) in pages.into_iter().zip(pictures) {
        let head: Dictionary = dictionary! {
            "Type" => "XObject", "Subtype" => "Image", "ColorSpace" => "DeviceGray",
            "BitsPerComponent" => 8, "Width" => i64::try_from(picture.width).unwrap(),
            "Height" => i64::try_from(picture.height).unwrap(),
        };
        let mut stream = Stream::new(head, picture.points.clone());
        stream.compress().unwrap();
        let image = pdf.add_object(stream);
        let resources = dictionary! { "XObject" => dictionary! { "Im1" => image } };
        let page = pdf.get_object_mut(page).and_then(Object::as_dict_mut).unwrap();
        page.set("Resources", resources);
    }
    saved(pdf)
}
