//! Whether a provider fits a job. A refusal names the requirement that fails, the first in a fixed order.

/// What a job asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Requirements {
    pub tier: u8,
    pub gpu_count: u8,
    pub vram_mib: u32,
    /// ISO 3166 numeric country code, or zero for anywhere.
    pub region: u16,
    pub uptime_bps: u16,
    pub allow_simulated: bool,
    pub price_ceiling_per_second: u64,
    /// Oldest certificate accepted, seconds; zero asks for none.
    pub certificate_age_seconds_max: u32,
}

/// What a GPU was measured to be, and how long ago.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Certificate {
    pub age_seconds: u64,
    pub tier: u8,
    pub vram_mib: u32,
}

/// What a provider has and asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capability {
    pub active: bool,
    pub tier: u8,
    pub gpu_count: u8,
    pub vram_mib: u32,
    pub region: u16,
    pub uptime_bps: u16,
    pub simulated: bool,
    pub price_per_second: u64,
    /// Stake that can still be locked, and what this job needs, atoms of the stake mint.
    pub free_stake: u64,
    pub lock: u64,
    pub certificate: Option<Certificate>,
}

/// The requirement that fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mismatch {
    ProviderInactive,
    SimulatedDevice,
    TierTooLow { required: u8, offered: u8 },
    GpuCountTooSmall { required: u8, offered: u8 },
    VramTooSmall { required: u32, offered: u32 },
    RegionDiffers { required: u16, offered: u16 },
    UptimeTooLow { required: u16, offered: u16 },
    PriceAboveCeiling { ceiling: u64, asked: u64 },
    FreeStakeTooSmall { required: u64, free: u64 },
    CertificateMissing,
    CertificateTooOld { age_seconds_max: u32, age_seconds: u64 },
}

/// Checks every requirement.
///
/// # Errors
/// The first [`Mismatch`].
pub fn fits(need: &Requirements, have: &Capability) -> Result<(), Mismatch> {
    if !have.active {
        return Err(Mismatch::ProviderInactive);
    }
    if have.simulated && !need.allow_simulated {
        return Err(Mismatch::SimulatedDevice);
    }
    if have.tier < need.tier {
        return Err(Mismatch::TierTooLow { required: need.tier, offered: have.tier });
    }
    if have.gpu_count < need.gpu_count {
        return Err(Mismatch::GpuCountTooSmall { required: need.gpu_count, offered: have.gpu_count });
    }
    if have.vram_mib < need.vram_mib {
        return Err(Mismatch::VramTooSmall { required: need.vram_mib, offered: have.vram_mib });
    }
    if need.certificate_age_seconds_max > 0 {
        certified(need, have)?;
    }
    if need.region != 0 && need.region != have.region {
        return Err(Mismatch::RegionDiffers { required: need.region, offered: have.region });
    }
    if have.uptime_bps < need.uptime_bps {
        return Err(Mismatch::UptimeTooLow { required: need.uptime_bps, offered: have.uptime_bps });
    }
    if have.price_per_second > need.price_ceiling_per_second {
        return Err(Mismatch::PriceAboveCeiling {
            ceiling: need.price_ceiling_per_second,
            asked: have.price_per_second,
        });
    }
    if have.free_stake < have.lock {
        return Err(Mismatch::FreeStakeTooSmall { required: have.lock, free: have.free_stake });
    }
    Ok(())
}

/// Where a job asks for a certificate, what was announced does not do: the measured vector must meet it as well.
fn certified(need: &Requirements, have: &Capability) -> Result<(), Mismatch> {
    let found = have.certificate.ok_or(Mismatch::CertificateMissing)?;
    if found.age_seconds > u64::from(need.certificate_age_seconds_max) {
        let age_seconds_max = need.certificate_age_seconds_max;
        return Err(Mismatch::CertificateTooOld { age_seconds_max, age_seconds: found.age_seconds });
    }
    if found.tier < need.tier {
        return Err(Mismatch::TierTooLow { required: need.tier, offered: found.tier });
    }
    if found.vram_mib < need.vram_mib {
        return Err(Mismatch::VramTooSmall { required: need.vram_mib, offered: found.vram_mib });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEED: Requirements = Requirements {
        tier: 2,
        gpu_count: 2,
        vram_mib: 16_384,
        region: 756,
        uptime_bps: 9_500,
        allow_simulated: false,
        price_ceiling_per_second: 100,
        certificate_age_seconds_max: 3_600,
    };
    const CERTIFICATE: Certificate = Certificate { age_seconds: 3_600, tier: 2, vram_mib: 16_384 };
    const HAVE: Capability = Capability {
        active: true,
        tier: 2,
        gpu_count: 2,
        vram_mib: 16_384,
        region: 756,
        uptime_bps: 9_500,
        simulated: false,
        price_per_second: 100,
        free_stake: 50,
        lock: 50,
        certificate: Some(CERTIFICATE),
    };

    const fn measured(certificate: Certificate) -> Capability {
        Capability { certificate: Some(certificate), ..HAVE }
    }

    #[test]
    fn a_provider_that_just_meets_every_requirement_fits() {
        assert_eq!(fits(&NEED, &HAVE), Ok(()));
        assert_eq!(fits(&Requirements { region: 0, ..NEED }, &Capability { region: 1, ..HAVE }), Ok(()));
    }

    #[test]
    fn each_requirement_fails_by_its_own_name() {
        let cases = [
            (Capability { active: false, ..HAVE }, Mismatch::ProviderInactive),
            (Capability { simulated: true, ..HAVE }, Mismatch::SimulatedDevice),
            (Capability { tier: 1, ..HAVE }, Mismatch::TierTooLow { required: 2, offered: 1 }),
            (Capability { gpu_count: 1, ..HAVE }, Mismatch::GpuCountTooSmall { required: 2, offered: 1 }),
            (Capability { vram_mib: 16_383, ..HAVE }, Mismatch::VramTooSmall { required: 16_384, offered: 16_383 }),
            (Capability { region: 1, ..HAVE }, Mismatch::RegionDiffers { required: 756, offered: 1 }),
            (Capability { uptime_bps: 9_499, ..HAVE }, Mismatch::UptimeTooLow { required: 9_500, offered: 9_499 }),
            (Capability { price_per_second: 101, ..HAVE }, Mismatch::PriceAboveCeiling { ceiling: 100, asked: 101 }),
            (Capability { free_stake: 49, ..HAVE }, Mismatch::FreeStakeTooSmall { required: 50, free: 49 }),
            (Capability { certificate: None, ..HAVE }, Mismatch::CertificateMissing),
            (
                measured(Certificate { age_seconds: 3_601, ..CERTIFICATE }),
                Mismatch::CertificateTooOld { age_seconds_max: 3_600, age_seconds: 3_601 },
            ),
            (measured(Certificate { tier: 1, ..CERTIFICATE }), Mismatch::TierTooLow { required: 2, offered: 1 }),
            (
                measured(Certificate { vram_mib: 16_383, ..CERTIFICATE }),
                Mismatch::VramTooSmall { required: 16_384, offered: 16_383 },
            ),
        ];
        for (have, mismatch) in cases {
            assert_eq!(fits(&NEED, &have), Err(mismatch));
        }
    }
    #[test]
    fn a_job_that_asks_for_no_certificate_reads_none() {
        let need = Requirements { certificate_age_seconds_max: 0, ..NEED };
        for certificate in [None, Some(Certificate { age_seconds: u64::MAX, tier: 0, vram_mib: 0 })] {
            assert_eq!(fits(&need, &Capability { certificate, ..HAVE }), Ok(()));
        }
    }
}
