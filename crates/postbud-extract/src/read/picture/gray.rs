//! A picture in shades of grey.

/// The longer side of a picture that OCR is given, in points: 300 dpi on A4. More helps no reader.
pub(crate) const LONG_SIDE: usize = 3_508;

/// Points row by row, 0 black and 255 white. There are always `width` times `height` of them.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Gray {
    pub(super) width: usize,
    pub(super) height: usize,
    points: Vec<u8>,
}

impl Gray {
    /// `None` when there are not as many points as there must be, or none at all.
    pub(super) fn new(width: usize, height: usize, points: Vec<u8>) -> Option<Self> {
        let fits = width > 0 && height > 0 && width.checked_mul(height) == Some(points.len());
        fits.then_some(Self { width, height, points })
    }

    /// Each point from the place it is asked for.
    pub(super) fn draw(width: usize, height: usize, point: impl Fn(usize, usize) -> u8) -> Self {
        let mut points = Vec::with_capacity(width.saturating_mul(height));
        for y in 0..height {
            points.extend((0..width).map(|x| point(x, y)));
        }
        Self { width, height, points }
    }

    pub(super) fn row(&self, y: usize) -> &[u8] {
        let from = y.saturating_mul(self.width);
        self.points.get(from..from + self.width).unwrap_or_default()
    }

    /// White outside.
    pub(super) fn at(&self, x: usize, y: usize) -> u8 {
        self.row(y).get(x).copied().unwrap_or(255)
    }

    /// Between points, weighed by nearness; white outside.
    pub(super) fn between(&self, x: f32, y: f32) -> u8 {
        if x < 0.0 || y < 0.0 || x >= self.width as f32 || y >= self.height as f32 {
            return 255;
        }
        let (left, top) = (x as usize, y as usize);
        let (right, down) = (x.fract(), y.fract());
        let (right_x, down_y) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let point = |x, y| f32::from(self.at(x, y));
        let above = point(left, top) * (1.0 - right) + point(right_x, top) * right;
        let below = point(left, down_y) * (1.0 - right) + point(right_x, down_y) * right;
        (above * (1.0 - down) + below * down + 0.5) as u8
    }

    pub(super) fn longer(&self) -> usize {
        self.width.max(self.height)
    }

    /// Half as large until it is less than twice too large.
    pub(super) fn halved(self) -> Self {
        let mut gray = self;
        while gray.longer() >= 2 * LONG_SIDE {
            gray = gray.smaller(2);
        }
        gray
    }

    /// So many times smaller; each point is the mean of those it stands for.
    pub(super) fn smaller(&self, times: usize) -> Self {
        let (width, height) = (self.width.div_ceil(times), self.height.div_ceil(times));
        let mut points = Vec::with_capacity(width * height);
        for y in 0..height {
            let mut sums = vec![(0_u32, 0_u32); width];
            for row in (y * times..((y + 1) * times).min(self.height)).map(|y| self.row(y)) {
                for (sum, part) in sums.iter_mut().zip(row.chunks(times)) {
                    sum.0 += part.iter().map(|point| u32::from(*point)).sum::<u32>();
                    sum.1 += u32::try_from(part.len()).unwrap_or(1);
                }
            }
            points
                .extend(sums.iter().map(|(sum, n)| u8::try_from(sum / (*n).max(1)).unwrap_or(255)));
        }
        Self { width, height, points }
    }

    /// A quarter turn with the clock, so many times.
    pub(super) fn turned(self, quarters: u8) -> Self {
        let Self { width, height, .. } = self;
        match quarters % 4 {
            1 => Self::draw(height, width, |x, y| self.at(y, height - 1 - x)),
            2 => Self::draw(width, height, |x, y| self.at(width - 1 - x, height - 1 - y)),
            3 => Self::draw(height, width, |x, y| self.at(width - 1 - y, x)),
            _ => self,
        }
    }

    pub(super) fn to_pgm(&self) -> Vec<u8> {
        let mut bytes = format!("P5\n{} {}\n255\n", self.width, self.height).into_bytes();
        bytes.extend_from_slice(&self.points);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(width: usize, height: usize) -> Gray {
        Gray::draw(width, height, |x, y| u8::try_from(x + 10 * y).unwrap())
    }

    #[test]
    fn four_quarters_are_a_whole_turn() {
        let gray = counted(3, 2);
        assert_eq!(gray.clone().turned(1).points, [10, 0, 11, 1, 12, 2]);
        let once = |gray: Gray| gray.turned(1);
        assert!(once(once(gray.clone())) == gray.clone().turned(2));
        assert!(once(gray.clone().turned(3)) == gray);
    }

    #[test]
    fn smaller_is_the_mean() {
        assert_eq!(counted(3, 2).smaller(2).points, [5, 7]);
        assert!(counted(3, 2).halved() == counted(3, 2));
        let huge = Gray::draw(3, 4 * LONG_SIDE, |_, _| 9).halved();
        assert!(huge.longer() < 2 * LONG_SIDE && huge.at(0, 0) == 9);
    }

    #[test]
    fn a_wrong_number_of_points_is_no_picture() {
        assert!(Gray::new(2, 2, vec![0; 3]).is_none());
        assert!(Gray::new(0, 0, vec![]).is_none());
        assert!(Gray::new(usize::MAX, 2, vec![0; 2]).is_none());
    }
}
