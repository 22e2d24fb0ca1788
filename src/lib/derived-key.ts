import { createHmac } from 'node:crypto'
import type { Secret } from './secret.ts'

/** A key of 256 bits for one purpose, so that what is signed for one means nothing for another. @param label names the purpose */
export const derivedKey = (secret: Secret, label: string): Buffer =>
  createHmac('sha256', secret.reveal()).update(label).digest()
