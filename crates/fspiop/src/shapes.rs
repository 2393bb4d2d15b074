//! The complex types of the specification that several messages share, each as a [`Shape`].

use crate::patterns::{
    AMOUNT, BALANCE_OF_PAYMENTS, CORRELATION_ID, CURRENCY, DATE, ERROR_CODE, ERROR_DESCRIPTION, EXTENSION_KEY,
    EXTENSION_VALUE, FSP_ID, INITIATOR, INITIATOR_TYPE, KYC_INFORMATION, LATITUDE, LONGITUDE,
    MERCHANT_CLASSIFICATION_CODE, PARTY_ID_TYPE, PARTY_IDENTIFIER, PARTY_NAME, PERSON_NAME, REFUND_REASON, SCENARIO,
    SUB_SCENARIO,
};
use crate::schema::{Shape, array, object, optional, required};

pub(crate) static MONEY: Shape = object(&[required("currency", &CURRENCY), required("amount", &AMOUNT)]);

pub(crate) static EXTENSION_LIST: Shape = object(&[required("extension", &EXTENSIONS)]);
static EXTENSIONS: Shape = array(&EXTENSION, 1, 16);
static EXTENSION: Shape = object(&[required("key", &EXTENSION_KEY), required("value", &EXTENSION_VALUE)]);

pub(crate) static ERROR_INFORMATION: Shape = object(&[
    required("errorCode", &ERROR_CODE),
    required("errorDescription", &ERROR_DESCRIPTION),
    optional("extensionList", &EXTENSION_LIST),
]);

pub(crate) static GEO_CODE: Shape = object(&[required("latitude", &LATITUDE), required("longitude", &LONGITUDE)]);

pub(crate) static PARTY: Shape = object(&[
    required("partyIdInfo", &PARTY_ID_INFO),
    optional("merchantClassificationCode", &MERCHANT_CLASSIFICATION_CODE),
    optional("name", &PARTY_NAME),
    optional("personalInfo", &PERSONAL_INFO),
    optional("supportedCurrencies", &SUPPORTED_CURRENCIES),
]);

pub(crate) static PARTY_ID_INFO: Shape = object(&[
    required("partyIdType", &PARTY_ID_TYPE),
    required("partyIdentifier", &PARTY_IDENTIFIER),
    optional("partySubIdOrType", &PARTY_IDENTIFIER),
    optional("fspId", &FSP_ID),
    optional("extensionList", &EXTENSION_LIST),
]);
static PERSONAL_INFO: Shape = object(&[
    optional("complexName", &COMPLEX_NAME),
    optional("dateOfBirth", &DATE),
    optional("kycInformation", &KYC_INFORMATION),
]);
static COMPLEX_NAME: Shape = object(&[
    optional("firstName", &PERSON_NAME),
    optional("middleName", &PERSON_NAME),
    optional("lastName", &PERSON_NAME),
]);
static SUPPORTED_CURRENCIES: Shape = array(&CURRENCY, 0, 16);

pub(crate) static TRANSACTION_TYPE: Shape = object(&[
    required("scenario", &SCENARIO),
    optional("subScenario", &SUB_SCENARIO),
    required("initiator", &INITIATOR),
    required("initiatorType", &INITIATOR_TYPE),
    optional("refundInfo", &REFUND),
    optional("balanceOfPayments", &BALANCE_OF_PAYMENTS),
]);
static REFUND: Shape =
    object(&[required("originalTransactionId", &CORRELATION_ID), optional("refundReason", &REFUND_REASON)]);

pub(crate) static FX_RATE: Shape = object(&[required("sourceAmount", &MONEY), required("targetAmount", &MONEY)]);
