import { createHmac } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { FastifyRequest } from 'fastify';
import { MoreThan, Repository } from 'typeorm';
import { Session } from './session.entity.js';

@Injectable()
export class AuthGuard implements CanActivate {
  constructor(@InjectRepository(Session) private readonly sessions: Repository<Session>) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { userId: string }>();
    const [scheme, token] = request.headers.authorization?.split(' ') ?? [];
    if (scheme !== 'Bearer' || !token) throw new UnauthorizedException();

    const hash = createHmac('sha256', process.env.SESSION_HASH_SECRET!).update(token).digest('hex');
    const session = await this.sessions.findOne({
      select: { id: true, userId: true },
      where: { token: hash, expiresAt: MoreThan(new Date()) },
    });
    if (!session) throw new UnauthorizedException();

    request.userId = session.userId;
    return true;
  }
}
