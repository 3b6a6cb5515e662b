//! Results in their JSON envelope, and which fields of them are sent.

use super::{Finished, Results};
use crate::error::Result;
use crate::message::envelope::{Envelope, Field, Fields, Metadata, Reason};
use std::time::Duration;

impl Results {
    /// Which fields are sent of the results that come from now on; all at first.
    ///
    /// # Errors
    /// `InvalidArgument`: a name that is none of [`super::ResultsOptions::fields`]; the error lists those.
    pub fn set_fields(&self, fields: Fields) -> Result<()> {
        let shared = self.shared();
        if let Fields::Named(names) = &fields {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let available: Vec<&str> = shared.options.fields.iter().map(String::as_str).collect();
            Fields::named(&names, &available)?;
        }
        *shared.fields.lock() = fields.into();
        Ok(())
    }

    /// Sends one result in an envelope. As [`Results::send`].
    pub fn send_result(&self, id: u32, output: &[Field], metadata: &Metadata, errors: &[&str]) -> Result<()> {
        let envelope = Envelope { output, metadata, errors, complete: None };
        self.send(id, self.enveloped(&envelope))
    }

    /// Sends the envelope that says that no more will come, and why. As [`Results::finish`].
    pub fn complete(
        &self,
        reason: Option<Reason>,
        output: &[Field],
        metadata: &Metadata,
        errors: &[&str],
        linger: Duration,
    ) -> Result<Finished> {
        let envelope = Envelope { output, metadata, errors, complete: Some(reason) };
        self.finish(self.enveloped(&envelope), linger)
    }

    /// An envelope with the fields that are sent.
    pub(crate) fn enveloped(&self, envelope: &Envelope) -> Vec<u8> {
        let fields = self.shared().fields.lock().clone();
        envelope.write(&fields).into_bytes()
    }
}
