// Makes upstream.json: messages that Mojaloop's own library has signed, with a fresh key.
//   node make.mjs FOLDER > upstream.json        FOLDER: where node_modules/@mojaloop/sdk-standard-components is
// Checks a message that we have signed ({"headers": {…}, "body": …, "publicKey": PEM}, as one line on standard input):
//   node make.mjs FOLDER check
import { createRequire } from 'node:module'
import crypto from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

const [folder, verb] = process.argv.slice(2)
const require = createRequire(path.resolve(folder, 'node_modules/@mojaloop/sdk-standard-components/package.json'))
const { Jws } = require('@mojaloop/sdk-standard-components')
const quiet = { debug () {}, error () {}, child: () => quiet }

if (verb === 'check') {
  const { headers, body, publicKey } = JSON.parse(fs.readFileSync(0, 'utf8'))
  const validator = new Jws.validator({ validationKeys: { [headers['fspiop-source']]: publicKey }, logger: quiet }) // eslint-disable-line new-cap
  validator.validate({ headers, body: JSON.parse(body) })
  console.log('valid')
} else {
  const encodings = { privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }
  const { privateKey, publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048, ...encodings })
  const signer = new Jws.signer({ signingKey: privateKey, logger: quiet }) // eslint-disable-line new-cap
  const id = 'b51ec534-ee48-4575-b6a9-ead2955b8069'
  const names = { 'fspiop-source': 'payerfsp', 'fspiop-destination': 'payeefsp' }
  const date = { date: 'Sun, 22 Nov 2026 14:00:00 GMT' }
  const messages = [
    ['POST', 'http://hub.example:3000/transfers', { ...names, ...date }, { transferId: id, amount: { amount: '12.34', currency: 'USD' } }],
    ['PUT', `https://gateway.example/fspiop/transfers/${id}`, { ...names, ...date }, { transferState: 'COMMITTED' }],
    ['PUT', `http://hub.example/transfers/${id}/error`, names, { errorInformation: { errorCode: '5001', errorDescription: 'no funds \u2014 "today"' } }],
    ['POST', 'http://hub.example/participants', { 'fspiop-source': 'payerfsp', ...date }, { requestId: id, partyList: [] }],
    ['PATCH', `http://hub.example/transfers/${id}`, { ...names, ...date }, { completedTimestamp: '2026-11-22T14:00:00.000Z', transferState: 'COMMITTED' }],
    ['PUT', 'http://hub.example/parties/MSISDN/+27713803912', { ...names, ...date }, { party: { name: 'Zo\u00eb' } }]
  ].map(([method, uri, headers, content]) => {
    const request = { method, uri, headers: { ...headers }, body: JSON.stringify(content) }
    signer.sign(request)
    return { method, headers: request.headers, body: request.body }
  })
  console.log(JSON.stringify({ privateKey, publicKey, messages }, null, 2))
}
