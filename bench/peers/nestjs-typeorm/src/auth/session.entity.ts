import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('user_sessions')
export class Session {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { unique: true })
  token: string;

  @Column('timestamptz')
  expiresAt: Date;

  @Column('text')
  userId: string;
}
