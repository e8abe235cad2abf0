//! A model behind the pipeline's port.
use std::path::Path;
use postbud_decide::Scores;
use postbud_letter::Letter;
use postbud_pipeline::ports::Classifier;
use crate::config::Config;
pub(crate) struct ModelClassifier;
impl ModelClassifier {
    pub(crate) fn configured(_config: &Config) -> anyhow::Result<Self> { Ok(Self) }
    pub(crate) fn shipped(_config: &Config) -> anyhow::Result<Self> { Ok(Self) }
    pub(crate) fn load(_path: &Path, _config: &Config) -> anyhow::Result<Self> { Ok(Self) }
    pub(crate) fn name(&self) -> &str { "x" }
}
impl Classifier for ModelClassifier { fn classify(&self, _letter: &Letter) -> Option<Scores> { None } }
